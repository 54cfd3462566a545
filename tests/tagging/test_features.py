"""What the learned heads see of a text: hashed n-grams and words, and where they stand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.tagging.evidence import StoryText
from media_tracker.tagging.features import (
    BLOCKS,
    DOUBLE,
    FIELDS,
    OPENING,
    SIGNALS,
    SINGLE,
    WORDS,
    Grams,
    grams,
    learn_vocabulary,
    signal_key,
)

STORY = StoryText("井盖没了", "小区北门的井盖丢失一周，居民晚上不敢出门，居民反映，小区一直没人管，", column="曝光台")


def _words(story: StoryText, seen: Grams, block: int) -> dict[str, set[int]]:
    """The texts that stand where a block's features are, and their keys."""
    fields = {"title": story.title, "body": story.body, "column": story.column}
    found: dict[str, set[int]] = {}
    for at in np.flatnonzero(seen.blocks == block):
        text = fields[FIELDS[seen.fields[at]]][seen.starts[at] : seen.ends[at]]
        found.setdefault(text, set()).add(int(seen.keys[at]))
    return found


@pytest.mark.parametrize("block", [SINGLE, DOUBLE, WORDS])
def test_the_same_characters_have_the_same_key_wherever_they_stand_and_others_have_another(block: int) -> None:
    found = _words(STORY, grams(STORY), block)
    assert len(found) > 5
    assert all(len(keys) == 1 for keys in found.values())
    assert len(set.union(*found.values())) == len(found)


def test_words_are_those_of_the_segmenter_without_marks() -> None:
    found = _words(STORY, grams(STORY), WORDS)
    assert {"小区", "井盖", "居民"} <= set(found)
    assert "，" not in found


def test_a_text_that_is_cut_into_words_gives_these_words_and_the_same_keys() -> None:
    cut = StoryText("", "小区 北门 的 井盖 丢失")
    found = _words(cut, grams(cut), WORDS)
    assert set(found) == {"小区", "北门", "的", "井盖", "丢失"}
    assert found["井盖"] == _words(STORY, grams(STORY), WORDS)["井盖"]


@pytest.mark.parametrize(
    ("one", "other"),
    [("ＡＢＣ１２３", "abc123"), ("井　盖", "井盖"), ("井\u200b盖", "井盖"), ("2021年", "1999年"), ("！", "。")],
)
def test_forms_that_mean_the_same_have_the_same_keys(one: str, other: str) -> None:
    first, second = grams(StoryText("", one)), grams(StoryText("", other))
    chars = (SINGLE, DOUBLE)
    assert set(first.keys[np.isin(first.blocks, chars)]) == set(second.keys[np.isin(second.blocks, chars)])


def test_the_opening_is_title_and_lead() -> None:
    story = StoryText("题目", "开头" + "，后面还有很多字" * 20 + "结尾")
    found = _words(story, grams(story), OPENING)
    assert {"题目", "开头"} <= set(found)
    assert "结尾" not in found


def test_a_vector_has_every_block_at_length_one_and_signals_as_they_are() -> None:
    seen = grams(STORY, {"{region}": 0.3, "nothing": 0.0})
    vocabulary = learn_vocabulary([seen], fewest=1)
    vector = vocabulary.vector(seen)
    blocks = vocabulary.blocks[vector.rows]
    assert sorted(set(blocks.tolist())) == list(range(BLOCKS))
    for block in range(SIGNALS):
        assert np.sum(vector.values[blocks == block] ** 2) == pytest.approx(1.0, abs=1e-4)
    row = vocabulary.row(signal_key("{region}"))
    assert row is not None
    assert vector.value(row) == pytest.approx(0.3)
    assert vocabulary.row(signal_key("nothing")) is None


def test_a_vocabulary_keeps_what_several_texts_have() -> None:
    texts = [grams(StoryText("", text)) for text in ("井盖没了", "井盖坏了", "路灯不亮")]
    vocabulary = learn_vocabulary(texts, fewest=2)
    known = {text for text in "井盖没了坏路灯不亮" if vocabulary.find(grams(StoryText("", text)).keys[:1])[1][0]}
    assert known == set("井盖了")


def test_what_is_not_known_gives_nothing() -> None:
    vocabulary = learn_vocabulary([grams(STORY)] * 2)
    assert len(vocabulary.vector(grams(StoryText("", ""))).rows) == 0
    assert len(vocabulary.vector(grams(StoryText("", "xyz"))).rows) == 0
    assert len(learn_vocabulary([]).vector(grams(STORY)).rows) == 0


@given(st.text(st.characters(), max_size=80), st.text(st.characters(), max_size=200), st.text(max_size=10))
def test_any_text_has_features_that_stand_within_it(title: str, body: str, column: str) -> None:
    seen = grams(StoryText(title, body, column=column), {"x": 1.0})
    lengths = np.array([len(title), len(body), len(column)])
    assert np.all(seen.starts < seen.ends)
    assert np.all(seen.ends <= lengths[seen.fields])
    vector = learn_vocabulary([seen, seen]).vector(seen)
    assert np.all(np.diff(vector.rows) > 0)
    assert np.all(np.isfinite(vector.values))
