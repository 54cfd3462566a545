"""What the cue suggester makes of small stories, and of anything else it may be given. Names here are invented."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_tracker.places.gazetteer import Gazetteer
from media_tracker.places.regions import read_regions
from media_tracker.tagging.cues import read_cues
from media_tracker.tagging.suggest import CueSuggester, StoryText, Suggester
from media_tracker.taxonomy.categories import read_categories

GAZETTEER = Gazetteer(read_regions(), places={"晴岚花园": "370303004"})
SUGGESTER: Suggester = CueSuggester(read_cues(), GAZETTEER, read_categories(), home="3703")

EXPOSURE = StoryText(
    "小区门口的井盖没了，居民晚上不敢出门",
    "昨日，家住张店区和平街道晴岚花园的一位居民拨打本报热线反映，小区北门外的井盖丢失一周，一直没人管。\n记者在现场看到，井口只"
    "插着一根树枝。街道办事处工作人员表示，将尽快联系产权单位。本报将继续关注。",
    "云川晚报",
    "曝光台",
    datetime(2022, 3, 24, tzinfo=UTC),
)
FOLLOW_UP = StoryText(
    "晴岚花园北门的井盖换上了",
    "3月24日本报曝光的张店区晴岚花园北门井盖丢失一事有了结果。26日，记者再次来到现场，新井盖已经装上。",
    "云川晚报",
    "曝光台·回音",
)
GOOD_DEED = StoryText(
    "环卫工捡到钱包原地等失主",
    "张店区和平街道一名环卫工清晨捡到一个装有现金的钱包，在寒风里等了两个小时，把它归还失主。失主要感谢，他摆摆手走了。",
    "云川晚报",
    "身边好人",
)
NOTICE = StoryText(
    "张店区启动背街小巷专项整治行动",
    "张店区印发实施方案，自4月1日起在全区开展专项整治行动。会议要求，各部门全面排查，建立长效机制。",
    "云川晚报",
    "要闻",
)
OTHER = StoryText("某球队夺冠", "昨晚的决赛中，客队球员三次进球，球迷欢呼。教练说，比赛很精彩。", "云川晚报", "体育")


@pytest.mark.parametrize(
    ("story", "kind"),
    [(EXPOSURE, "exposure"), (FOLLOW_UP, "follow_up"), (GOOD_DEED, "good_deed"), (NOTICE, "notice"), (OTHER, "other")],
)
def test_each_kind_is_recognised_and_says_why(story: StoryText, kind: str) -> None:
    suggestion = SUGGESTER.suggest(story)
    assert suggestion.kind == kind
    assert suggestion.kind_score > 0.5
    assert any(item.label == f"kind:{kind}" for item in suggestion.evidence)


@pytest.mark.parametrize("story", [EXPOSURE, FOLLOW_UP])
def test_an_exposure_and_its_follow_up_share_category_region_and_place(story: StoryText) -> None:
    suggestion = SUGGESTER.suggest(story)
    assert suggestion.category == "102"
    assert suggestion.region == "370303004"
    assert suggestion.place is not None
    assert "晴岚花园" in suggestion.place
    assert suggestion.place in story.body or suggestion.place in story.title


def test_only_a_follow_up_has_an_outcome_and_only_problems_a_category() -> None:
    assert SUGGESTER.suggest(FOLLOW_UP).outcome == "resolved"
    assert SUGGESTER.suggest(EXPOSURE).outcome is None
    assert SUGGESTER.suggest(OTHER).category is None


@pytest.mark.parametrize(
    ("title", "body", "outcome"),
    [
        (
            "楼道清了一半",
            "3月24日本报曝光的楼道堆物，记者回访时看到，仍有几户没清，尚未整改到位，还剩五辆车。",
            "partly_resolved",
        ),
        ("记者回访：路灯", "本报曝光后，记者回访，相关部门承诺月底前修，预计下月完成，已列入计划。", "promised"),
        ("记者回访：异味", "本报曝光后记者回访，检测合格，未发现超标，投诉不属实。", "nothing_found"),
    ],
)
def test_the_reported_outcome_follows_the_words(title: str, body: str, outcome: str) -> None:
    suggestion = SUGGESTER.suggest(StoryText(title, f"张店区和平街道。{body}"))
    assert (suggestion.kind, suggestion.outcome) == ("follow_up", outcome)


def test_evidence_points_at_the_words_in_the_original_text() -> None:
    story = StoryText(
        "　井盖\u200b没了", "家住张店区和平街道的居民反映，（记者看到）井\u200b盖１周没人管。", "", "曝光台"
    )
    suggestion = SUGGESTER.suggest(story)
    words = {item.label: getattr(story, item.field)[item.start : item.end] for item in suggestion.evidence}
    assert words["region:370303004"] in ("张店区", "和平街道")
    assert any(
        story.body[item.start : item.end] == "井\u200b盖" for item in suggestion.evidence if item.field == "body"
    ) or any(story.title[item.start : item.end] == "井盖" for item in suggestion.evidence)


def test_another_city_is_out_of_area_and_less_sure_to_be_an_exposure() -> None:
    there = "青岛市一小区消防通道被堵，居民反映没人管。"
    suggestion = SUGGESTER.suggest(StoryText("消防通道被堵", there))
    ours = SUGGESTER.suggest(StoryText("消防通道被堵", there.replace("青岛市", "张店区")))
    assert suggestion.out_of_area
    assert suggestion.region is None
    assert suggestion.kind != "exposure" or suggestion.kind_score < ours.kind_score
    assert not ours.out_of_area
    assert any(item.label == "out_of_area" for item in suggestion.evidence)


def test_credits_and_hotlines_are_no_cues() -> None:
    story = StoryText("晴天", "天很蓝。\n责任编辑：某某\n新闻热线：12345 欢迎市民反映投诉\n来源：曝光台", "", "")
    assert not [item for item in SUGGESTER.suggest(story).evidence if item.label.startswith("kind:exposure")]


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("", ""),
        ("。", "路"),
        ("\x00\x00", "\x00井盖\x00"),
        ("Bridge", "A short note in English, nothing more."),
        ("😀👍🏽", "🚧" * 50),
        ("\ud83d", "\udc00坏字符"),
    ],
)
def test_what_says_little_is_other_with_a_low_score(title: str, body: str) -> None:
    suggestion = SUGGESTER.suggest(StoryText(title, body))
    assert suggestion.kind == "other"
    assert suggestion.category_score <= 0.5


def test_an_empty_story_scores_lower_than_one_that_says_what_it_is() -> None:
    assert SUGGESTER.suggest(StoryText("", "")).kind_score < SUGGESTER.suggest(OTHER).kind_score


def test_traditional_characters_are_read_as_far_as_they_are_the_same() -> None:
    suggestion = SUGGESTER.suggest(StoryText("小區井蓋不見了", "居民反映，井蓋不見一週，無人處理，盼有關部門。"))
    assert suggestion.kind_score < 0.95
    assert any(item.label.startswith("kind:") for item in suggestion.evidence) or suggestion.kind == "other"


def test_a_megabyte_is_read_only_at_its_start() -> None:
    long = SUGGESTER.suggest(StoryText(EXPOSURE.title, EXPOSURE.body + "。" * 1_000_000, "", "曝光台"))
    assert long.region == "370303004"
    assert all(item.end <= 20_000 for item in long.evidence)


PIECES = [
    "张店区",
    "和平街道",
    "井盖",
    "没人管",
    "曝光",
    "记者再次",
    "3月24日本报曝光的",
    "青岛",
    "\n来源：",
    "　",
    "\u200b",
    "１",
    "㎡",
    "，",
]
TEXT = st.lists(st.one_of(st.sampled_from(PIECES), st.text(alphabet=st.characters(), max_size=5)), max_size=25).map(
    "".join
)


@settings(deadline=None)
@given(TEXT, TEXT, TEXT)
def test_any_story_gets_a_suggestion_with_scores_and_spans_within_bounds(title: str, body: str, column: str) -> None:
    story = StoryText(title, body, "云川晚报", column)
    suggestion = SUGGESTER.suggest(story)
    assert 0.0 <= suggestion.kind_score <= 1.0
    assert 0.0 <= suggestion.category_score <= 1.0
    assert 0.0 <= suggestion.region_score <= 1.0
    assert (suggestion.category is None) == (suggestion.category_score == 0.0)
    for item in suggestion.evidence:
        assert 0 <= item.start < item.end <= len(getattr(story, item.field))
    assert suggestion.place is None or suggestion.place in title or suggestion.place in body
    assert suggestion == SUGGESTER.suggest(story)


def test_traditional_characters_are_read_like_simplified_ones() -> None:
    found = SUGGESTER.suggest(StoryText("井蓋丟失一週沒人管", "張店區和平街道一處井蓋丟失，居民撥打熱線反映。"))
    assert (found.kind, found.region) == ("exposure", "370303004")
    where = [item for item in found.evidence if item.label.startswith("region:")]
    assert "張店區" in {"張店區和平街道一處井蓋丟失，居民撥打熱線反映。"[item.start : item.end] for item in where}
