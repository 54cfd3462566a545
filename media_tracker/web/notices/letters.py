"""Notices as letters: to users in their own language, to outlets in Chinese. What may not be told any more is left out.

A subject names kinds and numbers of problems, never a title: it stands in the lists of mail programs and on locked telephones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bson import ObjectId

from media_tracker.accounts.documents import User
from media_tracker.errors import N_, NotFound
from media_tracker.ingest.documents import Story
from media_tracker.mail.letters import Letter, one_line
from media_tracker.notices.documents import Notice
from media_tracker.notices.posting import Bundle
from media_tracker.outlets.documents import Outlet
from media_tracker.problems.documents import Problem
from media_tracker.web.i18n import DEFAULT_LOCALE, lang_tag, use_locale
from media_tracker.web.notices.view import lines
from media_tracker.web.notices.words import KIND_NAMES
from media_tracker.web.render import Pages
from media_tracker.wiring import Services

TEMPLATE = "mail/letter.html"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One notice in a letter: its heading, what it is about, further facts, and where it leads."""

    heading: str
    number: str
    """Of the problem; empty where there are many."""
    subject: str
    facts: Sequence[str]
    href: str
    at: str


class LetterWriter:
    """Writes letters from what is stored now."""

    def __init__(self, services: Services, pages: Pages) -> None:
        self._services = services
        self._pages = pages
        self._base = services.settings.public_url.rstrip("/")

    async def compose(self, bundle: Bundle) -> Letter | None:
        """The letter for ``bundle``; None when there is nothing in it that its reader may see, or no such reader."""
        if bundle.user_id is not None:
            return await self._for_user(bundle, bundle.user_id)
        if bundle.outlet_id is not None:
            return await self._for_outlet(bundle, bundle.outlet_id)
        return None

    async def _for_user(self, bundle: Bundle, user_id: ObjectId) -> Letter | None:
        try:
            user = await self._services.accounts.get(str(user_id))
        except NotFound:
            return None
        if not user.active or not user.mail:
            return None
        problems = await self._services.notices.problems(bundle.notices)
        with use_locale(user.language or DEFAULT_LOCALE):
            paragraphs = self._paragraphs(bundle.notices, problems, user)
            if not paragraphs:
                return None
            why = self._say(N_("You get this mail because of your choice under “My account”, “Notices”."))
            links = [(self._say(N_("All notices")), "/notices"), (self._say(N_("My account")), "/account")]
            return self._letter(user.mail, bundle, paragraphs, why, links)

    def _paragraphs(
        self, notices: Sequence[Notice], problems: Mapping[ObjectId, Problem], user: User
    ) -> list[Paragraph]:
        formats = self._pages.formats
        found = []
        for line in lines(notices, problems, user.actor()):
            if not line.href:
                continue
            due = self._say(N_("Deadline: {moment}"), moment=formats.deadline_text(line.deadline))
            facts = [line.place, due if line.deadline is not None else ""]
            found.append(
                Paragraph(
                    heading=self._say(line.kind),
                    number=line.number,
                    subject=one_line(f"{line.number} {line.title}"),
                    facts=[one_line(fact) for fact in facts if fact],
                    href=self._link(line.href),
                    at=formats.datetime_text(line.at),
                )
            )
        return found

    async def _for_outlet(self, bundle: Bundle, outlet_id: ObjectId) -> Letter | None:
        try:
            outlet = await self._services.outlets.get(str(outlet_id))
        except NotFound:
            return None
        if not outlet.contact or not outlet.active:
            return None
        problems = await self._services.notices.problems(bundle.notices)
        stories = await self._stories(problems.values(), outlet_id)
        with use_locale(DEFAULT_LOCALE):
            about = [(each, problems.get(each.problem_id)) for each in bundle.notices if each.problem_id is not None]
            paragraphs = [
                self._about(each, problem, stories, outlet)
                for each, problem in about
                if problem is not None and not problem.case.masked
            ]
            if not paragraphs:
                return None
            why = self._say(N_("You get this mail because {outlet} has exposed these problems."), outlet=outlet.name)
            return self._letter(outlet.contact, bundle, paragraphs, why, [])

    def _about(self, notice: Notice, problem: Problem, stories: Mapping[ObjectId, Story], outlet: Outlet) -> Paragraph:
        """What an outlet is told: the number, what has happened, and the titles of its own stories, which it has published."""
        ties = [report.story_id for report in problem.case.exposures if report.outlet_id == outlet.id]
        own = [stories[story_id].title for story_id in ties if story_id is not None and story_id in stories]
        return Paragraph(
            heading=self._say(KIND_NAMES[notice.kind]),
            number=problem.number,
            subject=self._say(N_("Problem {number}"), number=problem.number),
            facts=[one_line(title) for title in dict.fromkeys(own)],
            href="",
            at=self._pages.formats.datetime_text(notice.at),
        )

    async def _stories(self, problems: Iterable[Problem], outlet_id: ObjectId) -> Mapping[ObjectId, Story]:
        wanted = {
            report.story_id
            for problem in problems
            for report in problem.case.exposures
            if report.outlet_id == outlet_id and report.story_id is not None
        }
        return await self._services.stories.many(wanted)

    def _letter(
        self,
        to: str,
        bundle: Bundle,
        paragraphs: Sequence[Paragraph],
        why: str,
        links: Sequence[tuple[str, str]],
    ) -> Letter:
        office = self._services.settings.office_name
        more = bundle.total - len(bundle.notices)
        count = len(paragraphs) + more
        further = self._say(N_("And {count} more, which the list of notices shows."), count=more) if more else ""
        ways = [(label, self._link(path)) for label, path in links if self._base]
        if bundle.daily:
            day = self._pages.formats.date_text(self._services.clock())
            subject = self._say(N_("{office}: notices of {day} ({count})"), office=office, day=day, count=count)
        elif count == 1:
            subject = " · ".join(part for part in (office, paragraphs[0].heading, paragraphs[0].number) if part)
        else:
            subject = self._say(N_("{office}: {count} new notices"), office=office, count=count)
        context = {
            "lang": lang_tag(),
            "office_name": office,
            "paragraphs": paragraphs,
            "further": further,
            "why": why,
            "ways": ways,
        }
        return Letter(
            to=to,
            subject=subject,
            text=_plain(paragraphs, further, why, ways),
            html=self._pages.render(TEMPLATE, context),
            language=lang_tag(),
        )

    def _say(self, message: str, **params: object) -> str:
        return self._pages.catalogue.translate(message, None, **params)

    def _link(self, path: str) -> str:
        return f"{self._base}{path}" if self._base else ""


def _plain(paragraphs: Sequence[Paragraph], further: str, why: str, ways: Sequence[tuple[str, str]]) -> str:
    """The letter as plain text. Whatever somebody has written stands on one line of its own."""
    parts = []
    for each in paragraphs:
        told = [f"【{each.heading}】", each.subject, *each.facts, each.at, each.href]
        parts.append("\n".join(line for line in told if line))
    parts += [further] if further else []
    parts.append("\n".join(["--", why, *(f"{label}: {href}" for label, href in ways)]))
    return "\n\n".join(parts) + "\n"
