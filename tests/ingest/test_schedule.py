"""When a feed is looked at again: every rule as a property, and the examples that a newcomer would ask for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.errors import MediaTrackerError, Unavailable
from media_tracker.ingest.schedule import (
    HARD,
    JITTER,
    LONGEST,
    NAME,
    QUIET_SHARE,
    SHORTEST,
    SOFT,
    STORIES_REMEMBERED,
    UNKNOWN,
    History,
    asked_to_wait,
    hinted,
    next_check,
    retry_after,
    usual_wait,
    weight,
)
from media_tracker.net.errors import BadUrl, Blocked, Fault, HttpStatus, TooBig, TooManyRedirects, TooSlow, Unreachable
from media_tracker.net.fetch import ResponseHeaders

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

moments = st.datetimes(timezones=st.just(UTC))
past = st.timedeltas(timedelta(0), timedelta(days=4000)).map(lambda ago: NOW - ago)
histories = st.builds(
    History,
    published=st.lists(past | moments, max_size=40),
    failures=st.floats(0, 10_000, allow_nan=False),
    pushed=st.booleans(),
)
hints = st.none() | st.timedeltas()
chances = st.floats(0, 1)


@given(histories, hints, st.none() | moments, chances)
def test_it_is_never_given_up_and_never_hammered(
    history: History, hint: timedelta | None, not_before: datetime | None, chance: float
) -> None:
    wait = next_check(NOW, history, hint, not_before, chance=chance) - NOW

    assert SHORTEST <= wait <= LONGEST


@given(histories, hints, chances, st.floats(0, 8), st.floats(0, 8))
def test_more_failures_never_shorten_the_wait(
    history: History, hint: timedelta | None, chance: float, some: float, more: float
) -> None:
    fewer, many = sorted((some, more))

    def after(failures: float) -> datetime:
        return next_check(NOW, History(history.published, failures, history.pushed), hint, chance=chance)

    assert after(fewer) <= after(many)


@given(histories, hints, hints, chances)
def test_a_server_may_ask_for_more_time_never_for_less(
    history: History, one: timedelta | None, other: timedelta | None, chance: float
) -> None:
    unasked = next_check(NOW, history, chance=chance)
    assert next_check(NOW, history, one, chance=chance) >= unasked
    if one is not None and other is not None and one <= other:
        assert next_check(NOW, history, one, chance=chance) <= next_check(NOW, history, other, chance=chance)


@given(histories, moments, chances)
def test_a_server_that_asks_to_be_left_alone_is_left_alone_for_up_to_a_day(
    history: History, until: datetime, chance: float
) -> None:
    assert next_check(NOW, history, not_before=until, chance=chance) >= min(until, NOW + LONGEST)


@given(histories, chances)
def test_the_spread_is_a_tenth_to_both_sides(history: History, chance: float) -> None:
    middle = next_check(NOW, history, chance=0.5) - NOW
    wait = next_check(NOW, history, chance=chance) - NOW

    assert middle * (1 - JITTER) - SECOND <= wait <= middle * (1 + JITTER) + SECOND


@given(histories)
def test_the_order_of_stories_and_those_of_the_future_mean_nothing(history: History) -> None:
    backwards = History(list(reversed(history.published)), history.failures, history.pushed)
    only_past = History([each for each in history.published if each <= NOW], history.failures, history.pushed)

    assert usual_wait(NOW, history) == usual_wait(NOW, backwards) == usual_wait(NOW, only_past)


@given(st.timedeltas(10 * MINUTE, DAY), st.integers(2, STORIES_REMEMBERED))
def test_a_steady_feed_is_asked_twice_as_often_as_it_publishes(gap: timedelta, stories: int) -> None:
    steady = History([NOW - gap * number for number in range(stories)])

    assert abs(usual_wait(NOW, steady) - min(max(gap / 2, SHORTEST), LONGEST)) <= SECOND


@given(st.timedeltas(timedelta(0), timedelta(days=400)), st.timedeltas(timedelta(0), timedelta(days=400)))
def test_a_feed_that_falls_quiet_is_asked_more_and_more_rarely(one: timedelta, other: timedelta) -> None:
    waits = [usual_wait(NOW, History([NOW - quiet])) for quiet in sorted((one, other))]

    assert waits == sorted(waits)


def test_a_feed_of_which_nothing_is_known_is_asked_every_half_hour() -> None:
    assert usual_wait(NOW, History()) == UNKNOWN


def test_a_feed_that_was_quiet_for_ten_days_is_asked_once_a_day() -> None:
    assert usual_wait(NOW, History([NOW - QUIET_SHARE * DAY])) == LONGEST


def test_a_feed_that_a_hub_pushes_is_still_polled_but_no_oftener_than_every_hour() -> None:
    busy = [NOW - MINUTE * number for number in range(20)]

    assert usual_wait(NOW, History(busy)) == SHORTEST
    assert usual_wait(NOW, History(busy, pushed=True)) == HOUR
    assert usual_wait(NOW, History([NOW - 100 * DAY], pushed=True)) == LONGEST


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Unreachable(Fault.DNS, url="u", host="h"), NAME),
        (Unreachable(Fault.CONNECT, url="u", host="h"), SOFT),
        (Unreachable(Fault.PROTOCOL, url="u", host="h"), SOFT),
        (Unreachable(Fault.TLS, url="u", host="h"), HARD),
        (TooSlow(url="u", host="h", seconds=20), SOFT),
        (TooBig(url="u", host="h", limit=1), HARD),
        (TooManyRedirects(url="u", host="h", limit=5), HARD),
        (Blocked(url="u", host="h", address="::1"), HARD),
        (BadUrl("no", url="u"), HARD),
        (Unavailable("not a feed"), HARD),
        *((HttpStatus(status, url="u", host="h"), SOFT) for status in (404, 408, 425, 429, 500, 502, 503, 599)),
        *((HttpStatus(status, url="u", host="h"), HARD) for status in (400, 401, 403, 410, 451, 204, 304)),
    ],
)
def test_a_failure_weighs_what_it_says_of_tomorrow(error: MediaTrackerError, expected: float) -> None:
    assert weight(error) == expected


@given(st.sampled_from([HARD, SOFT, NAME]), st.integers(0, 5))
def test_a_whole_failure_doubles_the_wait(step: float, number: int) -> None:
    history = [NOW - 10 * MINUTE * each for each in range(20)]

    def wait(failures: float) -> float:
        return (next_check(NOW, History(history, failures), chance=0.5) - NOW).total_seconds()

    assert wait(step * number) == pytest.approx(300 * 2 ** (step * number), rel=0.01)


@pytest.mark.parametrize(
    ("headers", "ttl", "expected"),
    [
        (ResponseHeaders(), None, None),
        (ResponseHeaders(cache_control="max-age=3600"), None, HOUR),
        (ResponseHeaders(cache_control="public, MAX-AGE = 3600, must-revalidate"), None, HOUR),
        (ResponseHeaders(cache_control="s-maxage=60"), None, None),
        (ResponseHeaders(cache_control="no-cache, max-age=0"), None, None),
        (ResponseHeaders(cache_control="max-age=999999999"), None, LONGEST),
        (ResponseHeaders(cache_control="max-age=nonsense"), 2 * HOUR, 2 * HOUR),
        (ResponseHeaders(cache_control="max-age=60"), 2 * HOUR, 2 * HOUR),
        (ResponseHeaders(expires="Mon, 02 Mar 2026 10:00:00 GMT"), None, 2 * HOUR),
        (
            ResponseHeaders(expires="Mon, 02 Mar 2026 10:00:00 GMT", date="Mon, 02 Mar 2026 09:30:00 GMT"),
            None,
            HOUR / 2,
        ),
        (ResponseHeaders(expires="Mon, 02 Mar 2026 10:00:00 GMT", cache_control="max-age=60"), None, MINUTE),
        (ResponseHeaders(expires="0"), None, None),
        (ResponseHeaders(expires="Thu, 01 Jan 1970 00:00:00 GMT"), None, None),
        (ResponseHeaders(expires="Fri, 31 Dec 9999 23:59:59 GMT"), None, LONGEST),
        (ResponseHeaders(), -HOUR, None),
        (ResponseHeaders(), timedelta.max, LONGEST),
    ],
)
def test_a_server_says_in_many_ways_how_often_it_likes_to_be_asked(
    headers: ResponseHeaders, ttl: timedelta | None, expected: timedelta | None
) -> None:
    assert hinted(headers, ttl, NOW) == expected


@given(st.text(), st.text(), st.text())
def test_no_header_brings_it_down(cache_control: str, expires: str, date: str) -> None:
    found = hinted(ResponseHeaders(cache_control=cache_control, expires=expires, date=date), None, NOW)
    assert found is None or timedelta(0) < found <= LONGEST
    until = retry_after(expires, NOW)
    assert until is None or until <= NOW + LONGEST


@pytest.mark.parametrize(("status", "heard"), [(429, True), (503, True), (500, False), (404, False)])
def test_only_who_is_too_busy_is_believed_about_when_to_come_again(status: int, heard: bool) -> None:
    error = HttpStatus(status, url="u", host="h", retry_after="7200")
    assert asked_to_wait(error, NOW) == (NOW + 2 * HOUR if heard else None)


def test_other_failures_ask_for_nothing() -> None:
    assert asked_to_wait(TooSlow(url="u", host="h", seconds=20), NOW) is None
