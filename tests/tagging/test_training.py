"""Training on labelled stories, and judging what came of it."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.errors import InvalidInput
from media_tracker.tagging.evidence import StoryText
from media_tracker.tagging.features import grams
from media_tracker.tagging.labelled import Labelled, labelled, packaged
from media_tracker.tagging.training import answer, cross_validate, judge, macro_f1, split, train, train_label

COVERS = [f"第{n}小区的井盖丢了，{what}。" for n, what in enumerate(("没人管", "很危险", "老人绊倒", "夜里看不见"))]
LAMPS = [f"第{n}条路的路灯不亮，{what}。" for n, what in enumerate(("没人修", "很黑", "居民不敢出门", "等了一周"))]
EXAMPLES = [
    *(Labelled(StoryText("井盖丢了", text), "exposure", "102") for text in COVERS),
    *(Labelled(StoryText("路灯不亮", text), "exposure", "103") for text in LAMPS),
    *(Labelled(StoryText("夺冠", f"第{n}场比赛球队赢了，球迷欢呼。"), "other") for n in range(4)),
]


def test_a_model_has_a_head_for_every_question_that_is_answered_in_two_ways() -> None:
    model = train(EXAMPLES)
    assert set(model.heads) == {"kind", "category"}
    assert model.about["examples"] == {"kind": 12, "category": 8}
    assert model.heads["category"].labels == ("102", "103")
    assert judge(model, EXAMPLES) == {"kind": 1.0, "category": 1.0}


def test_examples_of_one_label_teach_nothing() -> None:
    with pytest.raises(InvalidInput, match="nothing to learn"):
        train(EXAMPLES[:4])
    with pytest.raises(InvalidInput, match="nothing to learn"):
        train_label([StoryText("", "a"), StoryText("", "b")], ["x", "x"], "any")


def test_any_label_can_be_learnt() -> None:
    texts = [StoryText("", text) for text in COVERS + LAMPS]
    model = train_label(texts, ["盖"] * 4 + ["灯"] * 4, "什么")
    label, score = answer(model, model.heads["什么"], grams(StoryText("", "小区里的井盖坏了")))
    assert label == "盖"
    assert 0.5 < score <= 1.0
    assert model.about["macro_f1_left_out"]["什么"] == 1.0


def test_a_head_without_examples_is_not_judged() -> None:
    model = train(EXAMPLES)
    assert set(judge(model, [Labelled(StoryText("井盖丢了", COVERS[0]), kind="exposure")])) == {"kind"}


@pytest.mark.parametrize(
    ("labels", "guessed", "score"),
    [("aabb", "aabb", 1.0), ("aabb", "aaaa", (2 / 3 + 0) / 2), ("aabb", "aabc", (1 + 2 / 3) / 2), ("", "", 0.0)],
)
def test_macro_f1_is_the_mean_over_the_labels_that_are_there(labels: str, guessed: str, score: float) -> None:
    assert macro_f1(list(labels), list(guessed)) == pytest.approx(score)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["", "", "x", "y", "z"])), max_size=60))
def test_parts_never_share_a_group_and_are_about_even(items: list[tuple[str, str]]) -> None:
    labels, groups = [label for label, _ in items], [group for _, group in items]
    part = split(labels, groups, 3)
    of_group: dict[str, set[int]] = {}
    for group, own in zip(groups, part, strict=True):
        if group:
            of_group.setdefault(group, set()).add(own)
    assert all(len(parts) == 1 for parts in of_group.values())
    largest = max(Counter(group for group in groups if group).values(), default=1)
    for label in set(labels):
        sizes = [
            sum(own == number and each == label for own, each in zip(part, labels, strict=True)) for number in range(3)
        ]
        assert max(sizes) - min(sizes) <= max(2 * largest, 1)


def test_cross_validation_needs_two_answers() -> None:
    assert cross_validate(EXAMPLES, "deed") == 0.0
    assert cross_validate(EXAMPLES, "category", parts=4) == 1.0


def test_the_packages_own_stories_answer_every_question() -> None:
    stories = packaged()
    assert {each.kind for each in stories} == {"exposure", "follow_up", "good_deed", "notice", "other"}
    assert len({each.category for each in stories if each.category}) == 51
    assert len({each.outcome for each in stories if each.outcome}) == 5
    assert len({each.deed for each in stories if each.deed}) == 5


def test_a_row_without_labels_is_a_story_without_answers() -> None:
    row = {"title": "题", "body": None, "kind": "", "published_at": "2024-03-01T08:00:00+08:00"}
    story = labelled(row)
    assert (story.story.title, story.story.body, story.kind, story.outcome) == ("题", "", None, None)
    assert story.story.published_at is not None
