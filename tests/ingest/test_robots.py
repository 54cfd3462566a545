"""robots.txt over real HTTP, from a server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from media_tracker.errors import Unavailable
from media_tracker.ingest import robots as robots_module
from media_tracker.ingest.robots import MAX_BYTES, Robots, RobotsUnknown
from media_tracker.net.errors import BadUrl
from media_tracker.net.fetch import Fetcher
from tests.bounded import bounded
from tests.fake_clock import FakeClock
from tests.services.origin import Answer, Origin, running_origin

FILE = "/robots.txt"


@pytest_asyncio.fixture
async def origin() -> AsyncIterator[Origin]:
    async with running_origin() as origin:
        yield origin


@pytest_asyncio.fixture
async def robots(origin: Origin, clock: FakeClock) -> AsyncIterator[Robots]:
    async with Fetcher(user_agent="media-tracker/test", allow={("127.0.0.1", origin.port)}, host_gap=0) as fetcher:
        yield Robots(fetcher, clock)


def publish(origin: Origin, text: str) -> None:
    origin.answers[FILE] = Answer(text.encode())


async def test_the_group_that_names_us_goes_before_the_one_for_all(robots: Robots, origin: Origin) -> None:
    publish(origin, "User-agent: *\nDisallow: /\n\nUser-Agent: Media-Tracker/1.0\nDisallow: /private\nCrawl-delay: 7\n")
    assert await robots.allowed(origin.url("/news/1.html"))
    assert not await robots.allowed(origin.url("/private/1.html"))
    assert robots.pause(origin.url("/")) == timedelta(seconds=7)


@pytest.mark.parametrize("agent", ["media", "tracker", "media-tracker-pro", "Baiduspider", "\u00a0Baiduspider"])
async def test_a_group_for_somebody_else_is_not_for_us(robots: Robots, origin: Origin, agent: str) -> None:
    publish(origin, f"User-agent: {agent}\nDisallow: /\nCrawl-delay: 9\n")
    assert await robots.allowed(origin.url("/news/1.html"))
    assert robots.pause(origin.url("/")) is None


async def test_a_group_may_name_several_agents_and_us_among_them(robots: Robots, origin: Origin) -> None:
    publish(origin, "User-agent: a\nUser-agent: media-tracker # that is us\nUser-agent: b\nDisallow: /x\n")
    assert not await robots.allowed(origin.url("/x"))


async def test_the_longest_rule_wins_and_wildcards_count(robots: Robots, origin: Origin) -> None:
    publish(origin, "User-agent: *\nDisallow: /\nAllow: /news/\nDisallow: /news/*.pdf$\nDisallow: /新闻/\n")
    assert await robots.allowed(origin.url("/news/1.html"))
    assert not await robots.allowed(origin.url("/news/1.pdf"))
    assert not await robots.allowed(origin.url("/other"))


async def test_a_rule_in_chinese_meets_an_encoded_address(robots: Robots, origin: Origin) -> None:
    publish(origin, "User-agent: *\nDisallow: /新闻/\n")
    assert not await robots.allowed(origin.url("/%E6%96%B0%E9%97%BB/1.html"))


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 410, 204])
async def test_a_site_without_the_file_may_be_read(robots: Robots, origin: Origin, status: int) -> None:
    origin.answers[FILE] = Answer(status=status)
    assert await robots.allowed(origin.url("/news/1.html"))


async def test_a_file_behind_too_many_redirects_is_none(robots: Robots, origin: Origin) -> None:
    origin.answers[FILE] = Answer(status=302, headers={"Location": FILE})
    assert await robots.allowed(origin.url("/news/1.html"))
    assert origin.sent == [(FILE, 302)] * 6


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_server_that_fails_is_not_read_now_and_asked_again_later(
    robots: Robots, origin: Origin, clock: FakeClock, status: int
) -> None:
    origin.answers[FILE] = Answer(status=status)
    for _ in range(3):
        with pytest.raises(RobotsUnknown, match=r"127\.0\.0\.1 does not show its robots\.txt") as caught:
            await robots.allowed(origin.url("/news/1.html"))
        assert isinstance(caught.value, Unavailable)
    assert len(origin.sent) == 1

    publish(origin, "User-agent: *\nDisallow: /private\n")
    clock.advance(minutes=11)
    assert await robots.allowed(origin.url("/news/1.html"))


async def test_a_server_that_is_not_there_is_not_read(robots: Robots) -> None:
    with pytest.raises(RobotsUnknown):
        await robots.allowed("http://127.0.0.1:9999/news/1.html")


async def test_the_file_is_asked_for_once_a_day(robots: Robots, origin: Origin, clock: FakeClock) -> None:
    publish(origin, "User-agent: *\nDisallow: /a\n")
    answers = await asyncio.gather(*(robots.allowed(origin.url(f"/{n}")) for n in range(20)))
    assert all(answers)
    assert origin.sent == [(FILE, 200)]

    publish(origin, "User-agent: *\nDisallow: /\n")
    clock.advance(hours=23)
    assert await robots.allowed(origin.url("/1"))
    clock.advance(hours=1)
    assert not await robots.allowed(origin.url("/1"))


async def test_what_was_known_goes_on_to_apply_while_the_server_fails(
    robots: Robots, origin: Origin, clock: FakeClock
) -> None:
    publish(origin, "User-agent: *\nDisallow: /a\n")
    assert await robots.allowed(origin.url("/1"))
    origin.answers[FILE] = Answer(status=503)
    clock.advance(days=3)
    assert await robots.allowed(origin.url("/1"))
    assert not await robots.allowed(origin.url("/a"))


async def test_no_more_than_the_first_500_kibibytes_are_read(robots: Robots, origin: Origin) -> None:
    head = "User-agent: *\nDisallow: /early\n"
    publish(origin, head + "# filling\n" * (MAX_BYTES // 10) + "Disallow: /late\n" + "#" * 2**20)
    assert not await robots.allowed(origin.url("/early"))
    assert await robots.allowed(origin.url("/late"))


async def test_an_endless_file_ends(robots: Robots, origin: Origin) -> None:
    origin.answers[FILE] = Answer(b"User-agent: *\nDisallow: /a\n", endless=True)
    assert not await robots.allowed(origin.url("/a"))


@pytest.mark.parametrize("space", [" ", "\u00a0", "\t"])
async def test_rules_for_thousands_of_agents_do_not_multiply(robots: Robots, origin: Origin, space: str) -> None:
    agents = "".join(f"{space}User-Agent:{n}\n" for n in range(10_000))
    publish(origin, agents + "User agent media-tracker\n" + "Disallow:/x\n" * 10_000)
    with bounded():
        assert not await robots.allowed(origin.url("/x"))


async def test_rules_made_to_be_slow_are_not(robots: Robots, origin: Origin) -> None:
    publish(origin, "User-agent: *\n" + f"Disallow: /{'*a' * 200}*b$\n" * 1_000)
    with bounded():
        assert await robots.allowed(origin.url("/" + "a" * 1_900))


@pytest.mark.parametrize("file", ["", "\ufeffUser-agent: *\nDisallow: /a\n", "\x00\xff", "<html>404</html>", ":\n::\n"])
async def test_what_is_no_such_file_forbids_nothing_else(robots: Robots, origin: Origin, file: str) -> None:
    publish(origin, file)
    assert await robots.allowed(origin.url("/b"))
    assert await robots.allowed(origin.url("/a")) is ("/a" not in file)


async def test_a_pause_of_days_is_cut_to_an_hour(robots: Robots, origin: Origin) -> None:
    publish(origin, "User-agent: *\nCrawl-delay: 999999\n")
    assert robots.pause(origin.url("/")) is None, "nothing is known before the file was read"
    assert await robots.allowed(origin.url("/"))
    assert robots.pause(origin.url("/")) == timedelta(hours=1)


async def test_a_site_that_asks_for_time_instead_of_its_file_gets_it(
    robots: Robots, origin: Origin, clock: FakeClock
) -> None:
    origin.answers[FILE] = Answer(status=503, headers={"Retry-After": "3600"})
    with pytest.raises(RobotsUnknown) as unknown:
        await robots.allowed(origin.url("/"))
    assert unknown.value.wait_until == clock() + timedelta(hours=1)
    publish(origin, "")
    clock.advance(minutes=59)
    with pytest.raises(RobotsUnknown):
        await robots.allowed(origin.url("/"))
    clock.advance(minutes=1)
    assert await robots.allowed(origin.url("/"))
    assert len(origin.sent) == 2


async def test_only_so_many_origins_are_remembered(
    robots: Robots, origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(robots_module, "MOST_ORIGINS", 1)
    publish(origin, "")
    for host in ("127.0.0.1", "localhost", "127.0.0.1", "127.0.0.1"):
        assert await robots.allowed(f"http://{host}:{origin.port}/")
    assert len(origin.sent) == 3


async def test_what_is_no_web_address_is_not_asked(robots: Robots) -> None:
    with pytest.raises(BadUrl):
        await robots.allowed("javascript:alert(1)")
