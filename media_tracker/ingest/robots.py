"""What an outlet lets programs read: robots.txt, as RFC 9309 has it.

One answer differs from the RFC's letter, to the careful side: 429 says "not now", like a server's own failure, and not "there is
no such file". The file of an origin is asked for once a day. While it cannot be had, what was known goes on to apply (§2.4); a
site that has never shown one is not read, and asked again after a while.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from yarl import URL

from media_tracker.db.clock import Clock
from media_tracker.errors import N_
from media_tracker.ingest.schedule import asked_to_wait
from media_tracker.net.errors import BadUrl, FetchError, HttpStatus, TooManyRedirects
from media_tracker.net.fetch import Fetched, Fetcher, FetchLimits
from media_tracker.net.urls import checked_url

if TYPE_CHECKING:
    from protego import Protego

PRODUCT = "media-tracker"
"""Our product token (§2.2.1): what a site names to address us."""

MAX_BYTES = 500 * 1024
"""As much of a file is read (§2.5); what comes after does not count."""
FRESH = timedelta(hours=24)
ASK_AGAIN = timedelta(minutes=10)
MOST_ORIGINS = 1_000
MOST_CHARS = 4 * 2**20
"""Of all files that are remembered together."""
LONGEST_DELAY = 3_600.0
"""Seconds; whoever asks for a longer pause between two requests gets this one."""

_LIMITS = FetchLimits(bytes_decompressed=MAX_BYTES, redirects=5, cut=True)
_AGENT = re.compile(r"user(?:-|\s+)?agent(?:\s*:|\s)(?P<name>.*)", re.IGNORECASE | re.DOTALL)
_URL_CHARS = 2_048


class RobotsUnknown(FetchError):
    """Whether the site may be read cannot be told now. ``wait_until``: until when the site asked to be left alone, if it did."""

    code = "robots_unknown"

    def __init__(self, *, url: str, host: str, wait_until: datetime | None = None) -> None:
        super().__init__(
            N_("{host} does not show its robots.txt at the moment, so its pages are left alone until it does."),
            url=url,
            host=host,
        )
        self.wait_until = wait_until


@dataclass(slots=True)
class _Origin:
    """What is known of one origin. ``rules`` is None until its file was read once."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    rules: Protego | None = None
    chars: int = 0
    ask_at: datetime | None = None
    wait_until: datetime | None = None


class Robots:
    """Remembers the robots.txt of each origin (scheme, host and port) for a day. One per process."""

    def __init__(self, fetcher: Fetcher, clock: Clock) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._origins: OrderedDict[str, _Origin] = OrderedDict()

    async def allowed(self, url: str) -> bool:
        """Whether we may fetch ``url``.

        Raises:
            RobotsUnknown: it cannot be told now: the server fails, or is not to be reached, and has shown no file before.
            BadUrl: ``url`` is nothing that is fetched at all.
        """
        here = checked_url(url, _URL_CHARS)
        return (await self._rules(here)).can_fetch(str(here), PRODUCT)

    def pause(self, url: str) -> timedelta | None:
        """How long the site of ``url`` wants to be left alone between two requests (``Crawl-delay``), at most an hour.

        None where it does not say, or its file has not been read: nothing is asked for here.
        """
        try:
            origin = self._origins.get(_origin_of(checked_url(url, _URL_CHARS)))
        except BadUrl:
            return None
        delay = origin.rules.crawl_delay(PRODUCT) if origin is not None and origin.rules is not None else None
        return None if delay is None else timedelta(seconds=min(max(delay, 0.0), LONGEST_DELAY))

    async def _rules(self, url: URL) -> Protego:
        name = _origin_of(url)
        origin = self._origins.setdefault(name, _Origin())
        self._origins.move_to_end(name)
        async with origin.lock:  # who comes meanwhile waits for the one request
            if origin.ask_at is None or origin.ask_at <= self._clock():
                await self._ask(name, origin)
                self._forget_oldest()
        if origin.rules is None:
            raise RobotsUnknown(url=name, host=url.host or "", wait_until=origin.wait_until)
        return origin.rules

    async def _ask(self, name: str, origin: _Origin) -> None:
        try:
            text = await self._text(f"{name}/robots.txt")
        except FetchError as error:
            now = self._clock()
            origin.wait_until = asked_to_wait(error, now)
            origin.ask_at = max(now + ASK_AGAIN, origin.wait_until or now)
            return
        now = self._clock()
        # The parser compiles tables; off the loop, as the file may be long.
        origin.rules = await asyncio.to_thread(_parsed, text)
        origin.chars, origin.ask_at = len(text), now + FRESH

    async def _text(self, url: str) -> str:
        """The file; empty where there is none. Raises :class:`FetchError` where that cannot be told."""
        try:
            answer = await self._fetcher.get(url, accept="text/plain, */*;q=0.1", limits=_LIMITS)
        except TooManyRedirects:
            return ""  # §2.3.1.2
        except HttpStatus as error:
            if error.status >= 500 or error.status == 429:  # §2.3.1.4
                raise
            return ""  # §2.3.1.3
        assert isinstance(answer, Fetched)  # no validators were sent
        return answer.body.decode("utf-8", "replace")

    def _forget_oldest(self) -> None:
        """Let go of what was not asked for the longest, until the rest is within bounds."""
        chars = sum(origin.chars for origin in self._origins.values())
        while len(self._origins) > 1 and (len(self._origins) > MOST_ORIGINS or chars > MOST_CHARS):
            _, oldest = self._origins.popitem(last=False)
            chars -= oldest.chars


def _origin_of(url: URL) -> str:
    return str(url.origin())


def _parsed(text: str) -> Protego:
    from protego import Protego

    return Protego.parse(_addressed(text.removeprefix("\ufeff")))


def _addressed(text: str) -> str:
    """``text`` with every agent that is neither us nor ``*`` called by one name.

    A token is compared whole (§2.2.1), where the parser also takes a part of ours; and a file that sets ten thousand rules for
    each of ten thousand agents must not grow to their product.
    """
    return "\n".join(_line(line) for line in text.splitlines())


def _line(line: str) -> str:
    match = _AGENT.match(line.partition("#")[0].strip())
    if match is None:
        return line
    agent = match["name"].strip().lower().partition("/")[0]
    return f"User-agent: {agent if agent in ('*', PRODUCT) else 'others'}"
