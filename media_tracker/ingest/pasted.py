"""From a link that an editor has pasted to what its page says, to be corrected and saved. Stores nothing.

robots.txt is for robots: a person has asked for this one page, once. The guard on addresses holds as everywhere (``net/``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from media_tracker.db.clock import Clock
from media_tracker.errors import N_, Unavailable
from media_tracker.ingest.article_page import MAX_PAGE_BYTES
from media_tracker.ingest.feed_dates import Precision
from media_tracker.ingest.full_text import PAGE_TYPES, extract
from media_tracker.ingest.reading import Runner
from media_tracker.net.fetch import Fetched, Fetcher, FetchLimits

LIMITS = FetchLimits(bytes_decompressed=MAX_PAGE_BYTES, cut=True)


class NoArticle(Unavailable):
    """The page is there, and nothing on it looks like an article."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a page says. ``url``: where it stands, after redirects; ``text``: plain, a line per paragraph."""

    url: str
    title: str
    text: str
    author: str
    published: datetime | None
    precision: Precision
    image: str | None


class Pasted:
    """Looks at pages for editors."""

    def __init__(self, fetcher: Fetcher, runner: Runner, clock: Clock, zone: ZoneInfo) -> None:
        self._fetcher = fetcher
        self._runner = runner
        self._clock = clock
        self._zone = zone

    async def preview(self, url: str) -> Draft:
        """What the page at ``url`` says.

        Raises:
            FetchError: the page cannot be had.
            NoArticle: it says nothing that could be a story, or stands behind a captcha or a login.
        """
        answer = await self._fetcher.get(url, accept=PAGE_TYPES, limits=LIMITS)
        article = None
        if isinstance(answer, Fetched):
            article = await self._runner.run(
                extract, answer.body, answer.headers.content_type, answer.url, self._zone, self._clock()
            )
        if article is None:
            raise NoArticle(N_("No story was found on this page. Type in what it says."))
        return Draft(
            url=answer.url,
            title=article.title,
            text=article.text,
            author=article.author,
            published=article.published,
            precision=article.precision,
            image=article.image,
        )
