"""The lists behind the figures of quality: second looks with both decisions, and decisions beside what had been suggested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from bson import ObjectId
from litestar import Request, Response, get

from media_tracker.accounts.actor import Actor, Role
from media_tracker.desk import quality_report as report
from media_tracker.desk.quality_report import CheckFilter, LookFilter
from media_tracker.desk.second_look_rules import Look
from media_tracker.errors import N_, Forbidden
from media_tracker.web.desk.quality_words import FIELD_NAMES, NOTHING_SAID, PATH, QualityWords
from media_tracker.web.guards import rule_keepers
from media_tracker.web.naming import Names, names_of
from media_tracker.web.render import page
from media_tracker.web.stories.view import may_read
from media_tracker.web.visitor import actor, services

ROWS = 50


@dataclass(frozen=True, slots=True)
class ListRow:
    """A story, and what was said of it by the two sides that are compared."""

    story_id: str
    title: str
    at: datetime
    one: str
    other: str
    equal: bool


@dataclass(frozen=True, slots=True)
class QualityList:
    """``templates/desk/quality_list.html``. ``heads``: what the two sides are, untranslated; ``chosen``: the filter in words."""

    title: str
    chosen: Sequence[str]
    heads: tuple[str, str]
    total: int
    rows: Sequence[ListRow]
    newer: str
    older: str


@dataclass(frozen=True, slots=True)
class _Line:
    story_id: ObjectId
    at: datetime
    one: str
    other: str
    equal: bool


@get(f"{PATH}/looks", guards=[rule_keepers])
async def looks_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """The stories that two editors have decided, as far as a figure counts them."""
    found, words, query = services(request), QualityWords(await names_of(request)), _Query(request.query_params)
    field = query.field(report.AGREED_ON)
    wanted = LookFilter(
        field=field,
        first=query.said("first"),
        second=query.said("second"),
        one=query.said("one"),
        other=query.said("other"),
        either=query.said("either"),
        equal=query.yes_or_no("equal"),
        month=query.text("month"),
        by=_editor(query, actor(request)),
    )
    looks, _, _ = await found.quality.looks(*query.period(found.clock()))
    pairs = report.select(report.pairs_of(looks, field, found.settings.zone), wanted)
    lines = [
        _Line(
            each.look.story_id,
            _done(each.look),
            words.value(field, each.first),
            words.value(field, each.second),
            each.first == each.second,
        )
        for each in pairs
    ]
    said = [
        words.value(field, value)
        for value in (wanted.first, wanted.second, wanted.one, wanted.other, wanted.either)
        if value is not None
    ]
    chosen = [
        *said,
        *_in_words(words.names, wanted.equal, (N_("the same"), N_("different"))),
        words.names.month(wanted.month),
    ]
    heads = (N_("First editor"), N_("Second editor"))
    return await _answer(
        request,
        query,
        lines,
        N_("Stories that two editors have decided"),
        [words.names.gettext(FIELD_NAMES[field]), *chosen],
        heads,
    )


@get(f"{PATH}/suggestions", guards=[rule_keepers])
async def suggestions_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """The decisions on stories of which something had been suggested, as far as a figure counts them."""
    found, words, query = services(request), QualityWords(await names_of(request)), _Query(request.query_params)
    field, zone = query.field(report.SUGGESTED), found.settings.zone
    wanted = CheckFilter(
        field=field,
        value=query.text("value"),
        rule=query.text("rule"),
        model=query.text("model"),
        band=query.text("band"),
        right=query.yes_or_no("right"),
        month=query.text("month"),
        by=_editor(query, actor(request)),
    )
    checks, _, _ = await found.quality.checks(*query.period(found.clock()))
    lines = [
        _Line(
            each.story_id,
            each.at,
            words.value(field, each.suggested[field][0]),
            words.value(field, each.decided.get(field, "")),
            report.is_right(each, field),
        )
        for each in report.meant(checks, wanted, zone)
    ]
    chosen = [
        words.value(field, wanted.value) if wanted.value else "",
        words.rule(wanted.rule) if wanted.rule else "",
        words.band(wanted.band) if wanted.band else "",
        wanted.model,
        *_in_words(words.names, wanted.right, (N_("right"), N_("wrong"))),
        words.names.month(wanted.month),
    ]
    heads = (N_("Suggested"), N_("Decided"))
    return await _answer(
        request,
        query,
        lines,
        N_("Decisions beside what was suggested"),
        [words.names.gettext(FIELD_NAMES[field]), *chosen],
        heads,
    )


async def _answer(
    request: Request[Any, Any, Any],
    query: _Query,
    lines: Sequence[_Line],
    title: str,
    chosen: Sequence[str],
    heads: tuple[str, str],
) -> Response[Any]:
    start = query.start()
    shown = lines[start : start + ROWS]
    names, who = await names_of(request), actor(request)
    stories = await services(request).stories.many(line.story_id for line in shown)
    masked = names.gettext(N_("Withdrawn by the outlet"))

    def title_of(story_id: ObjectId) -> str:
        story = stories.get(story_id)
        return story.title if story is not None and may_read(story, who) else masked

    context = QualityList(
        title=title,
        chosen=[each for each in chosen if each],
        heads=heads,
        total=len(lines),
        rows=[
            ListRow(str(line.story_id), title_of(line.story_id), line.at, line.one, line.other, line.equal)
            for line in shown
        ],
        newer=query.address(request.url.path, max(0, start - ROWS)) if start else "",
        older=query.address(request.url.path, start + ROWS) if start + ROWS < len(lines) else "",
    )
    return await page(request, "desk/quality_list.html", context)


@dataclass(frozen=True, slots=True)
class _Query:
    """What an address asks for; nonsense asks for nothing."""

    given: Mapping[str, str]

    def text(self, name: str) -> str:
        return self.given.get(name, "")[:300]

    def said(self, name: str) -> str | None:
        value = self.text(name)
        return None if not value else "" if value == NOTHING_SAID else value

    def field(self, known: Sequence[str]) -> str:
        return self.text("field") if self.text("field") in known else known[0]

    def yes_or_no(self, name: str) -> bool | None:
        return {"1": True, "0": False}.get(self.text(name))

    def id(self, name: str) -> ObjectId | None:
        value = self.text(name)
        return ObjectId(value) if ObjectId.is_valid(value) else None

    def start(self) -> int:
        value = self.text("from")
        return int(value) if value.isdecimal() and len(value) < 7 else 0

    def period(self, now: datetime) -> tuple[datetime, datetime]:
        return self._moment("since", now.replace(year=now.year - 1, day=1)), self._moment("until", now)

    def address(self, path: str, start: int) -> str:
        kept = {name: value for name, value in self.given.items() if name != "from"}
        return f"{path}?{urlencode({**kept, **({'from': str(start)} if start else {})})}"

    def _moment(self, name: str, otherwise: datetime) -> datetime:
        try:
            moment = datetime.fromisoformat(self.text(name))
        except ValueError:
            return otherwise
        return moment if moment.tzinfo is not None and 1990 <= moment.year <= 2200 else otherwise


def _editor(query: _Query, who: Actor) -> ObjectId | None:
    """Whose decisions alone are asked for; ``Forbidden`` where they are neither the reader's own nor the reader is an admin."""
    by = query.id("by")
    if by is not None and by != who.user_id and not who.has(Role.ADMIN):
        raise Forbidden(N_("Your role does not allow this."))
    return by


def _in_words(names: Names, value: bool | None, words: tuple[str, str]) -> list[str]:
    return [] if value is None else [names.gettext(words[0] if value else words[1])]


def _done(look: Look) -> datetime:
    assert look.done_at is not None  # or it would be no pair
    return look.done_at


ROUTES = [looks_page, suggestions_page]
