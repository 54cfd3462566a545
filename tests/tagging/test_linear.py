"""Linear heads: probabilities that are as sure as they may be, and the passages that made them so."""

import numpy as np
import pytest

from media_tracker.tagging.evidence import StoryText
from media_tracker.tagging.features import grams, learn_vocabulary
from media_tracker.tagging.linear import Head, fit_temperature, passages, softmax
from media_tracker.tagging.ridge import fit, matrix


def test_probabilities_add_up_and_grow_with_the_sums() -> None:
    scores = softmax(np.array([[1.0, 2.0, 0.0], [1000.0, -1000.0, 0.0]]))
    assert scores.sum(axis=1) == pytest.approx([1.0, 1.0])
    assert scores[0].argmax() == 1
    assert scores[1, 0] == pytest.approx(1.0)


def test_a_head_that_is_often_wrong_is_made_less_sure() -> None:
    sums = np.tile([[1.0, 0.0]], (100, 1))
    sure = fit_temperature(sums, np.zeros(100, dtype=np.int64))
    unsure = fit_temperature(sums, np.arange(100) % 10 // 7)
    assert sure < unsure
    assert softmax(sums / unsure)[0, 0] == pytest.approx(0.7, abs=0.02)


def test_nothing_to_go_by_leaves_the_sums_as_they_are() -> None:
    assert fit_temperature(np.zeros((0, 2)), np.zeros(0, dtype=np.int64)) == 1.0


def _fitted() -> tuple[Head, list[StoryText]]:
    texts = [StoryText("", text) for text in ("井盖没了", "井盖坏了", "井盖丢失", "路灯不亮", "路灯坏了", "路灯又灭了")]
    vocabulary = learn_vocabulary(map(grams, texts), fewest=1)
    vectors = [vocabulary.vector(grams(text)) for text in texts]
    targets = np.array([[1.0, -1.0]] * 3 + [[-1.0, 1.0]] * 3)
    fitted = fit(matrix(vectors, len(vocabulary.keys)), targets, np.ones(6), 0.1)
    return Head(("cover", "lamp"), fitted.weights, fitted.bias), texts


def test_passages_are_the_words_that_made_the_difference() -> None:
    head, texts = _fitted()
    vocabulary = learn_vocabulary(map(grams, texts), fewest=1)
    story = StoryText("小区里的路灯", "晚上出门要小心，因为路灯不亮。")
    seen = grams(story)
    found = passages(head, vocabulary, seen, vocabulary.vector(seen), 1)
    shown = {(each.field, (story.title, story.body)[each.field][each.start : each.end]) for each in found}
    assert any("路灯" in text for _, text in shown)
    assert not any("小心" in text for _, text in shown)
    assert [each.strength for each in found] == sorted((each.strength for each in found), reverse=True)


def test_a_text_without_any_sign_has_no_passages() -> None:
    head, texts = _fitted()
    vocabulary = learn_vocabulary(map(grams, texts), fewest=1)
    seen = grams(StoryText("", "完全无关"))
    assert passages(head, vocabulary, seen, vocabulary.vector(seen), 0) == []


def test_leaving_out_in_one_go_is_the_same_as_leaving_out_one_by_one() -> None:
    random = np.random.default_rng(7)
    from scipy.sparse import csr_matrix

    texts = csr_matrix(random.random((12, 30)).astype(np.float32))
    targets = np.where(np.eye(3)[random.integers(0, 3, 12)] > 0, 1.0, -1.0)
    whole = fit(texts, targets, np.ones(12), 0.5)
    for at in range(12):
        others = np.arange(12) != at
        without = fit(texts[others], targets[others], np.ones(11), 0.5)
        sums = texts[at].toarray()[0] @ without.weights + without.bias
        assert sums == pytest.approx(whole.held_out[at], abs=1e-4)


def test_many_texts_are_approached_to_the_same_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(7)
    from scipy.sparse import csr_matrix

    texts = csr_matrix(random.random((60, 30)).astype(np.float32))
    targets = np.where(np.eye(2)[random.integers(0, 2, 60)] > 0, 1.0, -1.0)
    exact = fit(texts, targets, np.ones(60), 0.5)
    monkeypatch.setattr("media_tracker.tagging.ridge.MOST_AT_ONCE", 10)
    near = fit(texts, targets, np.ones(60), 0.5)
    assert np.corrcoef(exact.weights.ravel(), near.weights.ravel())[0, 1] > 0.99
    assert near.judged.sum() == 12
