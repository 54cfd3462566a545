"""Files sent by mail at set times: made for each reader as that reader may see the list, in that reader's language.

Rights are asked when a file is sent, not when it was ordered: who has lost a role gets nothing more, and the schedule says so.
When it is who ordered it that may not any more, the schedule rests, and they and the admins are written to.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

import structlog
from bson import ObjectId
from pymongo.errors import PyMongoError

from media_tracker.accounts.actor import Actor, Role
from media_tracker.accounts.documents import User
from media_tracker.errors import N_, Forbidden, InvalidInput, MediaTrackerError, NotFound
from media_tracker.mail.letters import MOST_ATTACHED, Attachment, Letter
from media_tracker.monitor.bulletin_rules import Texts
from media_tracker.monitor.export_jobs import Wanted
from media_tracker.monitor.exports import FileFormat
from media_tracker.monitor.facts import Period
from media_tracker.monitor.schedules import BULLETIN, Schedule, may_send_to
from media_tracker.monitor.timetable import days_of
from media_tracker.papers.word import CONTENT_TYPE
from media_tracker.web.bulletins.content import Signing, compose, word_of
from media_tracker.web.exports.filters import title_of
from media_tracker.web.exports.lists import LISTS
from media_tracker.web.exports.making import ExportWork, making
from media_tracker.web.i18n import DEFAULT_LOCALE, current_locale, lang_tag, use_locale
from media_tracker.web.naming import names_with
from media_tracker.web.render import Pages
from media_tracker.wiring import Services

BULLETIN_TITLE = N_("Draft of a bulletin")
BULLETIN_ROLES = frozenset({Role.PUBLICITY, Role.ADMIN})
OWNER_GONE = N_("It rests: the account of who ordered it is closed.")
OWNER_MAY_NOT = N_("It rests: who ordered it may not send it any more.")
SOME_FAILED = N_("Not everybody got it: an account was closed, has no mail address, or may not see this list.")

log = structlog.get_logger("exports")


@dataclass(frozen=True, slots=True)
class _Sent:
    """What goes to one reader: a file in the letter, or where it waits."""

    title: str
    attachment: Attachment | None
    rows: int
    path: str = ""


class Mailing:
    """What a worker does for schedules."""

    def __init__(self, room: Services, pages: Pages) -> None:
        self._room = room
        self._pages = pages
        self._work = ExportWork(room, pages)

    async def turn(self) -> bool:
        """Send what one schedule says; False when none is due."""
        schedules = self._room.schedules
        schedule = await schedules.take()
        if schedule is None:
            return False
        if refusal := await self._refused(schedule):
            # Told first: who is cut off between the two tells nobody twice, and nobody is left without a letter.
            if await schedules.keep(schedule):
                await self._tell_that_it_stops(schedule, refusal)
                await schedules.stop(schedule, refusal)
            return True
        sent, failed = 0, 0
        for reader in schedule.sending.readers:
            if not await schedules.keep(schedule):
                return True
            try:
                sent += await self._send(schedule, reader)
            except PyMongoError:
                raise  # the lease runs out, and another turn goes on; letters that were put in are not put in again
            except MediaTrackerError as error:
                log.info("schedule_not_sent", schedule=str(schedule.id), reader=str(reader), error=error.message)
                failed += 1
            except Exception:  # one reader's file that cannot be made must not stop the others'
                log.exception("schedule_failed", schedule=str(schedule.id))
                failed += 1
        await schedules.settle(schedule, sent, SOME_FAILED if failed else "")
        return True

    async def _refused(self, schedule: Schedule) -> str:
        """Why who ordered it may not have it sent any more; empty: they may."""
        try:
            owner = await self._work.actor(schedule.owner)
        except Forbidden:
            return OWNER_GONE
        sending = schedule.sending
        kind = LISTS.get(sending.name)
        roles = BULLETIN_ROLES if sending.name == BULLETIN else kind.roles if kind is not None else frozenset[Role]()
        return "" if owner.has(*roles) and may_send_to(owner, sending.readers) else OWNER_MAY_NOT

    async def _tell_that_it_stops(self, schedule: Schedule, error: str) -> None:
        """Write to who ordered it and to the admins; on their page of schedules it stands as well. An address is no hindrance."""
        for user in await self._room.accounts.list_users():
            told = user.object_id == schedule.owner or user.actor().has(Role.ADMIN)
            if told and user.active and user.mail:
                with use_locale(user.language or DEFAULT_LOCALE):
                    letter = await self._stopped_letter(user, schedule, error)
                key = f"schedule:{schedule.id}:{schedule.next_at.timestamp():.0f}:stopped:{user.object_id}"
                with suppress(InvalidInput):
                    await self._room.outbox.put(key, letter, user.object_id)

    async def _stopped_letter(self, user: User, schedule: Schedule, error: str) -> Letter:
        names = await names_with(self._room, self._pages)
        say, sending = self._pages.catalogue.translate, schedule.sending
        kind = LISTS.get(sending.name)
        title = title_of(sending.name, sending.query, names, BULLETIN_TITLE if kind is None else kind.title)
        office = self._room.settings.office_name
        subject = say(N_("{office}: “{title}” is sent no more"), None, office=office, title=title)
        how = say(N_("It stands under “Sent by mail”. Who may send it can order it again."), None)
        return Letter(user.mail, subject, "\n\n".join([subject, say(error, None), how]) + "\n", "", lang_tag())

    async def _send(self, schedule: Schedule, reader: ObjectId) -> int:
        try:
            user = await self._room.accounts.get(str(reader))
        except NotFound as error:
            raise Forbidden(N_("The account for which this file was to be made is closed.")) from error
        if not user.active or not user.mail:
            raise Forbidden(N_("The account for which this file was to be made is closed."))
        with use_locale(user.language or DEFAULT_LOCALE):
            period = days_of(schedule.sending.days, schedule.next_at.astimezone(self._room.settings.zone).date())
            made = await self._made(schedule, user.actor(), period)
            letter = self._letter(user, made, period)
        key = f"schedule:{schedule.id}:{schedule.next_at.timestamp():.0f}:{reader}"
        await self._room.outbox.put(key, letter, reader)
        return 1

    async def _made(self, schedule: Schedule, actor: Actor, period: Period) -> _Sent:
        if schedule.sending.name == BULLETIN:
            return await self._bulletin(actor, period)
        kind = FileFormat(schedule.sending.kind)
        wanted = Wanted(schedule.sending.name, dated(schedule, period), kind, current_locale())
        opened = await self._work.open(wanted, actor)
        async with making(opened, kind, self._room.settings.zone) as made:
            filename = f"{opened.filename}.{kind.value}"
            if made.size <= MOST_ATTACHED:
                attachment = Attachment(filename, kind.media_type, made.file.read())
                sent = _Sent(opened.heading.title, attachment, made.rows)
            else:
                job = await self._room.export_jobs.keep(actor.user_id, wanted, made.rows, filename, made.file)
                sent = _Sent(opened.heading.title, None, made.rows, f"/exports/jobs/{job}")
        await self._work.write_down(actor.user_id, wanted, sent.rows)
        return sent

    async def _bulletin(self, actor: Actor, period: Period) -> _Sent:
        """The draft of a bulletin, as the figures are now, for those who may write one."""
        if not actor.has(*BULLETIN_ROLES):
            raise Forbidden(N_("Your role does not allow this."))
        names, now = await names_with(self._room, self._pages), self._room.clock()
        counted = await self._room.bulletins.count(period)
        content = await compose(self._room, names, counted, Texts(), (), Signing(now.year, None, now))
        word = await word_of(self._room, content, current_locale())
        filename = f"{content.title}_{period.start.isoformat()}_{period.end.isoformat()}.docx"
        return _Sent(names.gettext(BULLETIN_TITLE), Attachment(filename, CONTENT_TYPE, word), 0)

    def _letter(self, user: User, made: _Sent, period: Period) -> Letter:
        say, formats = self._pages.catalogue.translate, self._pages.formats
        office, base = self._room.settings.office_name, self._room.settings.public_url.rstrip("/")
        first, last = formats.date_text(period.start), formats.date_text(period.end)
        subject = say(
            N_("{office}: {title}, {first} to {last}"), None, office=office, title=made.title, first=first, last=last
        )
        lines: Sequence[str]
        if made.attachment is not None:
            lines = [say(N_("The file is attached: {name}."), None, name=made.attachment.filename)]
        elif base:
            lines = [
                say(N_("The file is too large for a letter. For a day it is here: {link}"), None, link=base + made.path)
            ]
        else:
            lines = [say(N_("The file is too large for a letter. For a day it is under “My files”."), None)]
        why = say(
            N_("You get this mail because somebody has it sent to you at set times; you find it under “Sent by mail”."),
            None,
        )
        text = "\n\n".join([subject, *lines, f"--\n{why}"]) + "\n"
        attachments = (made.attachment,) if made.attachment is not None else ()
        return Letter(user.mail, subject, text, "", lang_tag(), attachments)


def dated(schedule: Schedule, period: Period) -> str:
    """The query of the list, with the days of this run where the list is of a period."""
    kind = LISTS.get(schedule.sending.name)
    if kind is None or not kind.dated:
        return schedule.sending.query
    kept = [
        pair
        for pair in parse_qsl(schedule.sending.query, keep_blank_values=True)
        if pair[0] not in ("from", "to", "as_of")
    ]
    return urlencode([*kept, ("from", period.start.isoformat()), ("to", period.end.isoformat())])
