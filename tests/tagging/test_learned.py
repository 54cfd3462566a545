"""What the learned suggester makes of small stories, and of anything else it may be given. Names here are invented."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_tracker.places.gazetteer import Gazetteer
from media_tracker.places.regions import read_regions
from media_tracker.tagging.cues import Cue, cues_of, read_cues
from media_tracker.tagging.labelled import Labelled
from media_tracker.tagging.starting import starting_model
from media_tracker.tagging.suggest import LearnedSuggester, StoryText, Suggestion
from media_tracker.tagging.training import train
from media_tracker.taxonomy.categories import read_categories
from tests.tagging.test_suggest import EXPOSURE, FOLLOW_UP, GAZETTEER, GOOD_DEED, NOTICE, OTHER, PIECES


@cache
def suggester() -> LearnedSuggester:
    return LearnedSuggester(starting_model(None), read_cues(), GAZETTEER, read_categories(), home="3703")


def _suggest(title: str, body: str, outlet: str = "", column: str = "") -> Suggestion:
    return suggester().suggest(StoryText(title, body, outlet, column))


@pytest.mark.parametrize(
    ("story", "kind"),
    [(EXPOSURE, "exposure"), (FOLLOW_UP, "follow_up"), (GOOD_DEED, "good_deed"), (NOTICE, "notice"), (OTHER, "other")],
)
def test_each_kind_is_recognised_and_says_why(story: StoryText, kind: str) -> None:
    found = suggester().suggest(story)
    assert found.kind == kind
    assert found.kind_score > 0.5
    assert any(item.label == f"feature:kind:{kind}" for item in found.evidence)


def test_an_exposure_has_category_place_and_units_but_nobody_by_name() -> None:
    found = suggester().suggest(EXPOSURE)
    assert (found.category, found.region, found.outcome, found.deed) == ("102", "370303004", None, None)
    assert found.place is not None
    assert "晴岚花园" in found.place
    assert found.people == ()
    shown = [item for item in found.evidence if item.label == "category:102"]
    assert any("井盖" in getattr(EXPOSURE, item.field)[item.start : item.end] for item in shown)


def test_a_follow_up_has_an_outcome_and_a_good_deed_its_class() -> None:
    assert suggester().suggest(FOLLOW_UP).outcome == "resolved"
    assert suggester().suggest(FOLLOW_UP).outcome_score > 0.4
    deed = suggester().suggest(GOOD_DEED)
    assert (deed.deed, deed.category, deed.outcome) == ("honesty", None, None)
    assert deed.deed_score > 0.3


def test_evidence_lies_within_the_story() -> None:
    for story in (EXPOSURE, FOLLOW_UP, GOOD_DEED):
        for item in suggester().suggest(story).evidence:
            assert 0 <= item.start < item.end <= len(getattr(story, item.field))


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("", ""),
        ("。", "路"),
        ("\x00\x00", "\x00井盖\x00"),
        ("Bridge", "A short note in English, nothing more."),
        ("😀👍🏽", "🚧" * 50),
        ("\ud83d", "\udc00坏字符"),
        ("", "<div><p>&nbsp;</p"),
    ],
)
def test_what_says_little_is_other_with_a_low_score(title: str, body: str) -> None:
    found = _suggest(title, body)
    assert found.kind == "other"
    assert found.kind_score < 0.75
    assert found.category is None


def test_the_same_story_elsewhere_or_nowhere_is_less_likely_ours() -> None:
    def surely(place: str, outlet: str = "") -> float:
        found = _suggest("消防通道被堵", f"{place}一小区消防通道被私家车堵死，居民反映没人管，希望尽快处理。", outlet)
        return found.kind_score if found.kind == "exposure" else -found.kind_score

    assert surely("张店区") > surely("某地", "云川晚报") > surely("青岛市")


def test_traditional_and_full_width_forms_are_read_as_far_as_they_are_the_same() -> None:
    plain = _suggest("井盖没了", "张店区一小区１２号楼前的井盖丢失，居民反映没人管。")
    wide = _suggest("井　盖没了", "张店区一小区12号楼前的井盖丢失，居民反映没人管。")
    assert plain.kind == wide.kind == "exposure"
    assert _suggest("小區井蓋不見了", "居民反映，井蓋不見一週，無人處理。").kind_score < 0.95


def test_a_megabyte_is_read_only_at_its_start() -> None:
    long = suggester().suggest(StoryText(EXPOSURE.title, EXPOSURE.body + "。" * 1_000_000, "云川晚报", "曝光台"))
    assert (long.kind, long.region) == ("exposure", "370303004")
    assert all(item.end <= 20_000 for item in long.evidence)


@settings(deadline=None, max_examples=60)
@given(
    *(st.lists(st.one_of(st.sampled_from(PIECES), st.text(st.characters(), max_size=5)), max_size=25) for _ in range(2))
)
def test_any_story_gets_a_suggestion_with_scores_within_bounds(title: list[str], body: list[str]) -> None:
    story = StoryText("".join(title), "".join(body))
    found = suggester().suggest(story)
    for score in (found.kind_score, found.category_score, found.region_score, found.outcome_score, found.deed_score):
        assert 0.0 <= score <= 1.0
    for item in found.evidence:
        assert 0 <= item.start <= item.end <= len(getattr(story, item.field))


def test_a_category_that_the_model_has_never_seen_wins_by_its_cues_only_if_it_is_in_the_table() -> None:
    rows = [
        *(Labelled(StoryText("井盖丢了", f"张店区第{n}小区井盖丢失没人管。"), "exposure", "102") for n in range(6)),
        *(Labelled(StoryText("路灯不亮", f"张店区第{n}条路路灯不亮没人修。"), "exposure", "103") for n in range(6)),
        *(Labelled(StoryText("夺冠", f"第{n}场比赛球队赢了。"), "other") for n in range(6)),
    ]
    cues = cues_of({"kind": [], "category": [Cue("飞线", "107", 9.0), Cue("飞线", "999", 10.0)], "outcome": []})
    model = train(rows)
    gazetteer = Gazetteer(read_regions())
    found = LearnedSuggester(model, cues, gazetteer, read_categories(), names=False).suggest(
        StoryText("小区飞线充电", "张店区第9小区飞线从楼上垂下，没人管。")
    )
    assert found.kind == "exposure"
    assert found.category == "107"
    few = [each for each in read_categories() if each.code in ("1", "102", "103")]
    found = LearnedSuggester(model, cues, gazetteer, few, names=False).suggest(
        StoryText("小区飞线充电", "张店区第9小区飞线从楼上垂下，没人管。")
    )
    assert found.category in ("102", "103")


def test_without_names_the_rest_is_the_same() -> None:
    plain = LearnedSuggester(starting_model(None), read_cues(), GAZETTEER, read_categories(), home="3703", names=False)
    found = plain.suggest(EXPOSURE)
    assert found.units == ()
    assert (found.kind, found.category, found.place) == (
        suggester().suggest(EXPOSURE).kind,
        suggester().suggest(EXPOSURE).category,
        suggester().suggest(EXPOSURE).place,
    )
