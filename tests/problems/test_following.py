"""Which exposure a follow-up is about, among many."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from media_tracker.problems.linking.following import Told, match

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2021, 3, 24, 8, tzinfo=ZONE)

BINS = "晴岚社区北门的三个垃圾桶满了一周没人清运,居民绕着走,街道表示会核对清运路线。"
LAMPS = "长柳路中段十几盏路灯入冬后陆续不亮,下夜班的工人打着手电走,路灯管理部门说配件在路上。"
FIXED = "晴岚社区北门垃圾桶满溢一事有了结果,记者再次来到现场,三个桶已经清空,清运路线重新编过。"


def _told(title: str, body: str, days: float | None = 0) -> Told:
    return Told(title, body, None if days is None else START + timedelta(days=days))


def test_the_exposure_that_is_followed_up_comes_first_with_a_better_chance() -> None:
    exposures = [_told("路灯不亮", LAMPS), _told("垃圾桶满了", BINS)]
    ((best, other),) = match([_told("垃圾桶清空了", FIXED, 3)], exposures, ZONE)
    assert (best.index, other.index) == (1, 0)
    assert 0 <= other.score < best.score <= 1


def test_only_exposures_that_were_published_before_are_offered_and_those_without_date() -> None:
    exposures = [_told("后", BINS, 9), _told("前", BINS, 1), _told("不详", BINS, None)]
    (found,) = match([_told("", FIXED, 5)], exposures, ZONE)
    assert {each.index for each in found} == {1, 2}
    (found,) = match([_told("", FIXED, None)], exposures, ZONE)
    assert {each.index for each in found} == {0, 1, 2}


def test_a_named_day_decides_between_two_reports_of_one_trouble() -> None:
    other = "市民反映,晴岚社区垃圾没人收,北门口堆得老高,物业与街道互相推诿,垃圾桶盖子都合不上。"
    exposures = [_told("垃圾桶满了", BINS, 0), _told("垃圾没人收", other, 2)]
    for days, right in ((0, 0), (2, 1)):
        (found,) = match([_told("清空了", f"3月{24 + days}日本报曝光的{FIXED}", 5)], exposures, ZONE)
        (without,) = match([_told("清空了", FIXED, 5)], exposures, ZONE)
        chances = {each.index: each.score for each in found}
        assert chances[right] > {each.index: each.score for each in without}[right]


def test_what_was_printed_first_stands_before_its_reprint() -> None:
    exposures = [_told("转载", BINS, 0.2), _told("垃圾桶满了", BINS, 0)]
    (found,) = match([_told("清空了", FIXED, 5)], exposures, ZONE)
    assert [each.index for each in found] == [1, 0]


def test_when_nothing_fits_every_chance_is_low() -> None:
    ((only,),) = match([_told("垃圾桶清空了", FIXED, 3)], [_told("路灯不亮", LAMPS)], ZONE)
    assert only.score < 0.5


def test_at_most_ten_are_offered_and_nothing_where_there_is_nothing() -> None:
    exposures = [_told("路灯不亮", LAMPS + "又坏了" * number) for number in range(14)]
    (found,) = match([_told("", FIXED, 3)], exposures, ZONE)
    assert len(found) == 10
    assert match([_told("", FIXED)], [], ZONE) == [[]]
    assert match([], exposures, ZONE) == []
    (found,) = match([_told("", "", 3)], exposures, ZONE)
    assert all(each.score < 0.5 for each in found)


def test_a_named_week_says_less_than_a_named_day_and_nothing_of_what_has_no_date() -> None:
    exposures = [_told("垃圾桶满了", BINS, 0), _told("垃圾桶满了", BINS, None)]
    scores = []
    for named in ("3月24日本报曝光的", "上周本报曝光的", ""):
        (found,) = match(
            [_told("垃圾桶清空了", f"{named}垃圾桶满溢一事有了结果,清运路线重新编过。", 7)], exposures, ZONE
        )
        scores.append({each.index: each.score for each in found}[0])
    day, week, nothing = scores
    assert day > week > nothing
