"""From the JSON that an outlet's system posts to entries like those of feeds. Pure.

Every mistake is told with a JSON Pointer (RFC 6901) to the field; with one mistake nothing is taken.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from media_tracker.errors import N_, InvalidInput
from media_tracker.files.characters import strip_controls
from media_tracker.ingest.clean import MAX_HTML_CHARS, one_line
from media_tracker.ingest.entries import MAX_NAME_CHARS, MAX_TITLE_CHARS, MAX_URL_CHARS, ParsedEntry, absolute_link
from media_tracker.ingest.feed_dates import FeedDate, plausible, read_date
from media_tracker.ingest.handed import handed_entry
from media_tracker.ingest.identity import normalise_guid
from media_tracker.outlets.documents import Platform

MOST_STORIES = 100
FIELDS = (
    *("id", "title", "url", "html", "text", "published_at", "updated_at"),
    *("column", "author", "platform"),
)
_LONGEST_ID = 200


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong, and where: a gettext id, what fills it, and a JSON Pointer as a URI fragment."""

    pointer: str
    sentence: str
    params: Mapping[str, str | int] = field(default_factory=dict)


class BadStories(InvalidInput):
    """A body that cannot be taken, with all that is wrong with it."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__(N_("The stories cannot be taken as they are; nothing has been stored."))
        self.mistakes = tuple(mistakes)


@dataclass(frozen=True, slots=True)
class PostedStory:
    """One story. ``id`` is the outlet's own; ``platform`` is None where the token's holds."""

    id: str
    platform: Platform | None
    entry: ParsedEntry


@dataclass(frozen=True, slots=True)
class Posted:
    """What was posted, in order. ``alone``: as one object, not in a list."""

    stories: tuple[PostedStory, ...]
    alone: bool


def read_posted(body: bytes, zone: ZoneInfo, now: datetime) -> Posted:
    """The stories in ``body``. Times without an offset are of ``zone``; a story cannot be published after ``now``.

    Raises:
        BadStories: no JSON, or a story that lacks something or says what cannot be.
    """
    document = _json(body)
    if not isinstance(document, dict):
        raise BadStories([Mistake("#", N_("Send one story as an object, or several as a list in “stories”."))])
    mistakes: list[Mistake] = []
    if "stories" not in document:
        stories = [_story(document, "#", mistakes, zone, now)]
    else:
        stories = _stories(document, mistakes, zone, now)
    _check_ids(stories, mistakes)
    if mistakes:
        raise BadStories(mistakes)
    return Posted(tuple(stories), alone="stories" not in document)


def _json(body: bytes) -> object:
    try:
        return json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):  # also what is no UTF-8, a number of 5,000 digits, a thousand brackets
        raise BadStories([Mistake("#", N_("This is no JSON, or none that can be read."))]) from None


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is no JSON (RFC 8259 §6)")


def _stories(
    document: Mapping[str, object], mistakes: list[Mistake], zone: ZoneInfo, now: datetime
) -> list[PostedStory]:
    found = document["stories"]
    mistakes += [Mistake(_below("#", name), N_("There is no such field.")) for name in document if name != "stories"]
    if not isinstance(found, list) or not 1 <= len(found) <= MOST_STORIES:
        mistakes.append(Mistake("#/stories", N_("This must be a list of 1 to {most} stories."), {"most": MOST_STORIES}))
        return []
    stories = []
    for n, each in enumerate(found):
        if isinstance(each, dict):
            stories.append(_story(each, f"#/stories/{n}", mistakes, zone, now))
        else:
            mistakes.append(Mistake(f"#/stories/{n}", N_("A story must be an object.")))
    return stories


def _story(
    found: Mapping[str, object], pointer: str, mistakes: list[Mistake], zone: ZoneInfo, now: datetime
) -> PostedStory:
    fields = _Fields(found, pointer, mistakes)
    fields.check_names()
    story_id, title = fields.id(), fields.title()
    html, text = fields.text("html", MAX_HTML_CHARS), fields.text("text", MAX_HTML_CHARS)
    if html and text:
        fields.wrong("text", N_("Send html or text, not both."))
    updated = fields.date("updated_at", zone, now)
    entry = handed_entry(
        guid=story_id,
        link=fields.link("url"),
        title=title,
        html=html,
        text=text,
        author=fields.text("author", MAX_NAME_CHARS),
        column=fields.text("column", MAX_NAME_CHARS),
        date=fields.date("published_at", zone, now),
        updated=updated.moment if updated else None,
    )
    return PostedStory(story_id, fields.platform(), entry)


def _check_ids(stories: Sequence[PostedStory], mistakes: list[Mistake]) -> None:
    """Each id once: of two with one id nobody could say which one holds."""
    seen: set[str] = set()
    for story in stories:
        key = normalise_guid(story.id)
        if key and key in seen:
            mistakes.append(Mistake("#/stories", N_("The id {id} stands in the list twice."), {"id": story.id}))
        seen.add(key)


class _Fields:
    """The fields of one story; what is wrong goes to ``mistakes``."""

    def __init__(self, found: Mapping[str, object], pointer: str, mistakes: list[Mistake]) -> None:
        self._found = found
        self._pointer = pointer
        self._mistakes = mistakes

    def wrong(self, name: str, sentence: str, **params: str | int) -> None:
        self._mistakes.append(Mistake(_below(self._pointer, name), sentence, params))

    def check_names(self) -> None:
        for name in self._found:
            if name not in FIELDS:
                self.wrong(name, N_("There is no such field."))

    def text(self, name: str, longest: int) -> str:
        value = self._found.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.wrong(name, N_("This must be a text."))
        elif len(value) > longest:
            self.wrong(name, N_("This has more than {limit} characters."), limit=longest)
        else:
            return strip_controls(value).strip()
        return ""

    def id(self) -> str:
        value = self._found.get("id")
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**30:
            return str(value)
        return self._filled("id", lambda: self.text("id", _LONGEST_ID))

    def title(self) -> str:
        return self._filled("title", lambda: one_line(self.text("title", MAX_TITLE_CHARS), MAX_TITLE_CHARS))

    def _filled(self, name: str, read: Callable[[], str]) -> str:
        before = len(self._mistakes)
        value = read()
        if not value and len(self._mistakes) == before:
            self.wrong(name, N_("This must not be empty."))
        return value

    def link(self, name: str) -> str | None:
        written = self.text(name, MAX_URL_CHARS)
        link = absolute_link(written, "") if written else None
        if written and link is None:
            self.wrong(name, N_("This is no link that begins with http:// or https://."))
        return link

    def date(self, name: str, zone: ZoneInfo, now: datetime) -> FeedDate | None:
        written = self.text(name, 100)
        found = read_date(written, None, zone) if written else None
        if written and found is None:
            self.wrong(name, N_("Write a time like 2026-03-01T08:30:00+08:00."))
        elif found is not None and not plausible(found, now):
            self.wrong(name, N_("This date lies in the future, or before 1990."))
        return found

    def platform(self) -> Platform | None:
        written = self.text("platform", MAX_NAME_CHARS)
        if not written:
            return None
        if written not in set(Platform):
            self.wrong("platform", N_("This is none of {platforms}."), platforms=", ".join(Platform))
            return None
        return Platform(written)


def _below(pointer: str, name: str) -> str:
    """The pointer to a member, whose name may hold anything (RFC 6901 §3); a long one is cut."""
    return f"{pointer}/{strip_controls(name[:50]).replace('~', '~0').replace('/', '~1')}"
