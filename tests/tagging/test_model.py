"""The file that a model is kept in: read back the same, and never taken on trust."""

import io
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_tracker.errors import InvalidInput
from media_tracker.tagging.evidence import StoryText
from media_tracker.tagging.features import grams
from media_tracker.tagging.model import FORMAT, Model, dump, load, make_model
from media_tracker.tagging.training import train_label

TEXTS = [StoryText("", text) for text in ("井盖没了", "井盖坏了", "路灯不亮", "路灯坏了")]
MODEL: Model = train_label(TEXTS, ["盖", "盖", "灯", "灯"], "what")
FILE = dump(MODEL)


def _changed(**arrays: np.ndarray) -> bytes:
    with np.load(io.BytesIO(FILE)) as file:
        kept = {name: file[name] for name in file.files}
    written = io.BytesIO()
    np.savez(written, **{**kept, **arrays})
    return written.getvalue()


def _meta(**changes: object) -> np.ndarray:
    with np.load(io.BytesIO(FILE)) as file:
        meta = json.loads(file["meta"].tobytes())
    return np.frombuffer(json.dumps({**meta, **changes}).encode(), dtype=np.uint8)


def test_a_model_that_was_kept_answers_as_before() -> None:
    again = load(FILE)
    assert (again.version, again.about) == (MODEL.version, MODEL.about)
    for text in (*TEXTS, StoryText("", "新的井盖")):
        one, other = (each.heads["what"].probabilities(each.vocabulary.vector(grams(text))) for each in (MODEL, again))
        assert one == pytest.approx(other)


def test_the_same_examples_give_the_same_version_and_others_another() -> None:
    assert train_label(TEXTS, ["盖", "盖", "灯", "灯"], "what").version == MODEL.version
    assert train_label(TEXTS, ["盖", "灯", "盖", "灯"], "what").version != MODEL.version


def test_the_version_does_not_depend_on_what_is_said_about_the_model() -> None:
    assert make_model(MODEL.vocabulary, MODEL.heads, {"note": "x"}).version == MODEL.version


def test_a_file_of_another_format_says_that_the_model_must_be_trained_again() -> None:
    with pytest.raises(InvalidInput, match="Train it again") as caught:
        load(_changed(meta=_meta(format=FORMAT + 1)))
    assert caught.value.params == {"found": FORMAT + 1, "wanted": FORMAT}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04",
        b"not a model",
        FILE[: len(FILE) // 2],
        _changed(meta=np.frombuffer(b"[]", dtype=np.uint8)),
        _changed(meta=np.frombuffer(b"{", dtype=np.uint8)),
        _changed(meta=_meta(version="model-0")),
        _changed(keys=np.zeros(3, dtype=np.uint64)),
        _changed(idf=np.array(["a"] * len(MODEL.vocabulary.idf))),
        _changed(weights0=np.zeros((1, 1), dtype=np.float32)),
        _changed(weights0=np.full(MODEL.heads["what"].weights.shape, np.nan, dtype=np.float32)),
        _changed(meta=_meta(heads=[{"name": "what", "labels": ["a", "b"], "temperature": 0.0}])),
        _changed(meta=_meta(heads=[{"name": "what"}])),
    ],
)
def test_what_is_no_whole_model_is_refused_with_one_sentence(data: bytes) -> None:
    with pytest.raises(InvalidInput):
        load(data)


def test_a_file_that_would_run_something_is_refused() -> None:
    written = io.BytesIO()
    np.savez(written, meta=np.array([print], dtype=object), allow_pickle=True)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput):
        load(written.getvalue())


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(FILE) - 1), st.integers(1, 255))
def test_a_file_with_a_changed_byte_is_refused_or_is_the_same_model(at: int, change: int) -> None:
    data = bytearray(FILE)
    data[at] ^= change
    try:
        version = load(bytes(data)).version
    except InvalidInput:
        version = MODEL.version
    assert version == MODEL.version
