"""A learned model: what it knows of features, its heads, and the file that it is kept in.

The file is NumPy's zip of plain arrays with a line of JSON; nothing in it can run, whoever made it.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from media_tracker.errors import N_, InvalidInput
from media_tracker.tagging.features import BLOCKS, Vocabulary
from media_tracker.tagging.linear import Head

FORMAT = 1
"""Changes whenever files of before would be read wrongly: their arrays, or what ``features`` makes of a text."""

LARGEST_FILE = 1_000_000_000
"""Bytes of arrays that are read at most."""

_DAMAGED = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    SyntaxError,
    OSError,
    EOFError,
    RuntimeError,
    OverflowError,
    MemoryError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
    tokenize.TokenError,
)
"""What reading a damaged file may come to."""


@dataclass(frozen=True, slots=True)
class Model:
    """``heads`` by question (``kind``, ``category``, ``outcome``, ``deed``, or any label's name), on one vocabulary.

    ``version`` names the contents: two models of one version give the same answers. ``about`` is what its maker wanted to
    say: numbers of examples, figures.
    """

    vocabulary: Vocabulary
    heads: Mapping[str, Head]
    about: Mapping[str, Any]
    version: str


def make_model(vocabulary: Vocabulary, heads: Mapping[str, Head], about: Mapping[str, Any]) -> Model:
    """A model, with the version that its contents give it."""
    digest = hashlib.sha256(f"format {FORMAT}".encode())
    for array in (vocabulary.keys, vocabulary.blocks, vocabulary.idf):
        digest.update(np.ascontiguousarray(array).tobytes())
    for name, head in sorted(heads.items()):
        digest.update(json.dumps([name, head.labels, head.temperature]).encode())
        digest.update(np.ascontiguousarray(head.weights).tobytes())
        digest.update(np.ascontiguousarray(head.bias).tobytes())
    return Model(vocabulary, dict(heads), dict(about), f"model-{digest.hexdigest()[:10]}")


def dump(model: Model) -> bytes:
    """``model`` as a file's contents."""
    meta = {
        "format": FORMAT,
        "version": model.version,
        "about": dict(model.about),
        "heads": [
            {"name": name, "labels": head.labels, "temperature": head.temperature} for name, head in model.heads.items()
        ],
    }
    arrays: dict[str, NDArray[Any]] = {
        "meta": np.frombuffer(json.dumps(meta, ensure_ascii=False).encode(), dtype=np.uint8),
        "keys": model.vocabulary.keys,
        "blocks": model.vocabulary.blocks,
        "idf": model.vocabulary.idf,
    }
    for number, head in enumerate(model.heads.values()):
        arrays[f"weights{number}"] = head.weights
        arrays[f"bias{number}"] = head.bias
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def load(data: bytes) -> Model:
    """The model in a file's contents. Raises ``InvalidInput`` for anything but a whole model of this format."""
    try:
        arrays = _arrays(data)
        meta = json.loads(arrays["meta"].tobytes())
        known = meta["format"] if isinstance(meta, dict) else None
    except _DAMAGED as error:
        raise _no_model() from error
    if known != FORMAT:
        raise InvalidInput(
            N_("This model is of another release (format {found}, wanted {wanted}). Train it again."),
            found=known,
            wanted=FORMAT,
        )
    try:
        return _model(arrays, meta)
    except _DAMAGED as error:
        raise _no_model() from error


def _no_model() -> InvalidInput:
    return InvalidInput(N_("This file is not a model, or it is damaged. Train it again."))


def _arrays(data: bytes) -> dict[str, NDArray[Any]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > LARGEST_FILE:
            raise ValueError("too large")
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def _model(arrays: Mapping[str, NDArray[Any]], meta: Mapping[str, Any]) -> Model:
    vocabulary = Vocabulary(
        arrays["keys"].astype(np.uint64, casting="safe"),
        arrays["blocks"].astype(np.uint8, casting="safe"),
        arrays["idf"].astype(np.float32, casting="safe"),
    )
    count = len(vocabulary.keys)
    if any(array.shape != (count,) for array in (vocabulary.keys, vocabulary.blocks, vocabulary.idf)):
        raise ValueError("vocabulary")
    if count and (np.any(vocabulary.keys[1:] <= vocabulary.keys[:-1]) or vocabulary.blocks.max() >= BLOCKS):
        raise ValueError("vocabulary")
    heads = {}
    for number, each in enumerate(meta["heads"]):
        weights = arrays[f"weights{number}"].astype(np.float32, casting="safe")
        bias = arrays[f"bias{number}"].astype(np.float32, casting="safe")
        labels = tuple(map(str, each["labels"]))
        temperature = float(each["temperature"])
        if weights.shape != (count, len(labels)) or bias.shape != (len(labels),) or not labels or not temperature > 0:
            raise ValueError("head")
        if not (np.isfinite(weights).all() and np.isfinite(bias).all()):
            raise ValueError("head")
        heads[str(each["name"])] = Head(labels, weights, bias, temperature)
    model = make_model(vocabulary, heads, dict(meta["about"]))
    if model.version != meta["version"]:
        raise ValueError("version")
    return model
