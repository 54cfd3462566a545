"""Files of lists: as jobs that are stopped, cut short and swept; by mail at set times; never to those who may not see them."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from openpyxl import load_workbook

from media_tracker.accounts.actor import Actor, Role
from media_tracker.accounts.documents import User
from media_tracker.accounts.duties import Duties
from media_tracker.db.events import SYSTEM
from media_tracker.errors import Conflict, Forbidden, InvalidInput, NotFound, TooMany
from media_tracker.monitor.export_jobs import KEPT, LEASE, MOST_OPEN, MOST_TRIES, JobState, Stopped, Wanted
from media_tracker.monitor.exports import FileFormat
from media_tracker.monitor.schedules import BULLETIN, Schedule, Sending
from media_tracker.monitor.timetable import Days, Rhythm, Times
from media_tracker.web.exports.mailing import Mailing
from media_tracker.web.exports.making import ExportWork
from media_tracker.web.render import Pages, pages_in
from tests.fake_clock import FakeClock
from tests.services.scene import Scene

OUTLETS = Wanted("outlets", "", FileFormat.CSV, "en")


@pytest.fixture
def pages(scene: Scene) -> Pages:
    return pages_in(scene.services.settings.zone)


async def person(scene: Scene, name: str, *roles: Role, mail: bool = True) -> User:
    added = await scene.services.accounts.add_user(name, name.title(), Duties(frozenset(roles)), language="en")
    if mail:
        await scene.services.accounts.set_mail(added.user.actor(), f"{name}@example.org")
    return added.user


async def content(scene: Scene, job_id: str, who: User) -> bytes:
    job = await scene.services.export_jobs.get(job_id, who.object_id)
    return b"".join([chunk async for chunk in await scene.services.export_jobs.content(job)])


async def test_a_job_becomes_a_file_for_who_asked_for_a_day(scene: Scene, pages: Pages) -> None:
    jobs, work = scene.services.export_jobs, ExportWork(scene.services, pages)
    await scene.feed()
    anna, bert = await person(scene, "anna", Role.VIEWER), await person(scene, "bert", Role.ADMIN)
    job_id = await jobs.ask(anna.object_id, OUTLETS, None)
    assert await jobs.ask(anna.object_id, OUTLETS, None) == job_id, "asked for twice, made once"
    assert await work.turn()
    assert not await work.turn()

    job = await jobs.get(str(job_id), anna.object_id)
    assert (job.state, job.rows, job.filename) == (JobState.DONE, 1, f"outlets_{scene.clock.now:%Y%m%d}.csv")
    rows = list(csv.reader(io.StringIO((await content(scene, str(job_id), anna)).decode("utf-8-sig"))))
    assert [rows[0][0], rows[1][0], len(rows)] == ["Outlet", "晨报", 2]
    with pytest.raises(NotFound):
        await jobs.get(str(job_id), bert.object_id)
    scene.clock.advance(seconds=KEPT.total_seconds() + 1)
    assert await jobs.sweep() == 1
    with pytest.raises(NotFound):
        await jobs.get(str(job_id), anna.object_id)
    assert await scene.services.database["exports.chunks"].count_documents({}) == 0


async def test_a_job_whose_worker_dies_is_begun_anew_and_fails_clearly_in_the_end(scene: Scene, pages: Pages) -> None:
    jobs = scene.services.export_jobs
    anna = await person(scene, "anna", Role.VIEWER)
    job_id = str(await jobs.ask(anna.object_id, OUTLETS, None))
    for _ in range(MOST_TRIES):
        assert await jobs.take() is not None
        assert await jobs.take() is None, "somebody works on it"
        scene.clock.advance(seconds=LEASE.total_seconds() + 1)
    assert not await ExportWork(scene.services, pages).turn()
    job = await jobs.get(job_id, anna.object_id)
    assert job.state is JobState.FAILED
    assert "cut short" in job.error


async def test_who_no_longer_wants_a_file_stops_it_and_who_may_not_see_it_gets_none(scene: Scene, pages: Pages) -> None:
    jobs, work = scene.services.export_jobs, ExportWork(scene.services, pages)
    anna = await person(scene, "anna", Role.VIEWER)
    stopped = str(await jobs.ask(anna.object_id, OUTLETS, None))
    taken = await jobs.take()
    assert taken is not None
    await jobs.stop(stopped, anna.object_id)
    with pytest.raises(Stopped):
        await jobs.finish(taken, 1, "a.csv", io.BytesIO(b"x"))
    assert await scene.services.database["exports.files"].count_documents({}) == 0

    hidden = str(await jobs.ask(anna.object_id, Wanted("audit", "", FileFormat.CSV, "en"), None))
    assert await work.turn()
    job = await jobs.get(hidden, anna.object_id)
    assert (job.state, job.error) == (JobState.FAILED, "Your role does not allow this.")
    with pytest.raises(Conflict):
        await jobs.content(job)

    for number in range(MOST_OPEN):
        await jobs.ask(anna.object_id, Wanted("stories", f"q={number}", FileFormat.CSV, "en"), None)
    with pytest.raises(TooMany):
        await jobs.ask(anna.object_id, OUTLETS, None)


def sending(name: str, *readers: User, query: str = "", kind: str = "xlsx") -> Sending:
    times = Times(Rhythm.WEEKLY, 8, weekday=4)
    return Sending(name, query, kind, Days.LAST_WEEK, times, tuple(user.object_id for user in readers))


async def ordered(scene: Scene, by: User, what: Sending) -> Schedule:
    return await scene.services.schedules.add(what, by.actor(), SYSTEM)


def to_the_hour(clock: FakeClock, schedule: Schedule) -> None:
    clock.set(schedule.next_at + timedelta(seconds=1))


def letters(scene: Scene) -> dict[str, list[tuple[str, bytes]]]:
    """What has been sent, as files: the attachments by address."""
    found: dict[str, list[tuple[str, bytes]]] = {}
    for path in sorted(Path(scene.services.settings.data_dir / "mail").glob("*.eml")):
        message = message_from_bytes(path.read_bytes(), policy=default)
        files = [(str(part.get_filename()), part.get_content()) for part in message.iter_attachments()]  # type: ignore[union-attr] - of this kind
        found.setdefault(str(message["To"]), []).extend(files)
    return found


async def test_a_schedule_sends_each_reader_a_file_of_their_own_once(scene: Scene, pages: Pages) -> None:
    room, mailing = scene.services, Mailing(scene.services, pages)
    anna, bert = await person(scene, "anna", Role.PUBLICITY), await person(scene, "bert", Role.VIEWER)
    silent = await person(scene, "carl", Role.VIEWER, mail=False)
    schedule = await ordered(scene, anna, sending("figure", anna, bert, silent, query="key=resolved"))
    assert not await mailing.turn(), "it is not time yet"
    to_the_hour(scene.clock, schedule)
    assert await mailing.turn()
    assert not await mailing.turn(), "once a week"
    assert await room.outbox.send_due() == 2

    sent = letters(scene)
    assert set(sent) == {"anna@example.org", "bert@example.org"}
    [(name, data)] = sent["anna@example.org"]
    week = schedule.next_at.date() - timedelta(days=7)
    assert name == f"resolved_{week.isoformat()}_{(week + timedelta(days=6)).isoformat()}.xlsx"
    assert load_workbook(io.BytesIO(data)).active["A1"].value == "Number"  # type: ignore[union-attr,index] - of this kind
    [after] = await room.schedules.of(anna.actor())
    assert (after.sent, after.next_at - schedule.next_at) == (2, timedelta(days=7))
    assert after.error, "that one reader has no address is told"
    assert await room.database["outbox"].count_documents({"attachments": {"$exists": True}}) == 0


async def test_a_run_that_was_cut_short_goes_on_without_sending_twice(scene: Scene, pages: Pages) -> None:
    room, mailing = scene.services, Mailing(scene.services, pages)
    anna = await person(scene, "anna", Role.PUBLICITY)
    schedule = await ordered(scene, anna, sending("outlets", anna))
    to_the_hour(scene.clock, schedule)
    assert await room.schedules.take() is not None  # and then that worker dies, its letter already put in
    await mailing._send(schedule, anna.object_id)
    scene.clock.advance(minutes=11)
    assert await mailing.turn()
    assert await room.outbox.send_due() == 1


async def test_rights_are_asked_when_it_is_sent(scene: Scene, pages: Pages) -> None:
    room, mailing = scene.services, Mailing(scene.services, pages)
    anna, bert = await person(scene, "anna", Role.PUBLICITY, Role.ADMIN), await person(scene, "bert", Role.PUBLICITY)
    schedule = await ordered(scene, anna, sending(BULLETIN, anna, bert, kind="docx"))
    await room.accounts.set_roles(None, bert.object_id, Duties(frozenset({Role.VIEWER})))
    to_the_hour(scene.clock, schedule)
    assert await mailing.turn()
    await room.outbox.send_due()
    sent = letters(scene)
    assert set(sent) == {"anna@example.org"}
    assert sent["anna@example.org"][0][1].startswith(b"PK")
    [known] = await room.schedules.of(anna.actor())
    paused = await room.schedules.pause(str(known.id), known.version, True, anna.actor(), SYSTEM)
    scene.clock.advance(days=8)
    assert not await mailing.turn(), "it rests"
    await room.schedules.delete(str(known.id), paused.version, anna.actor(), SYSTEM)
    assert await room.schedules.of(anna.actor()) == []


async def test_only_publicity_staff_and_admins_send_to_others(scene: Scene) -> None:
    schedules = scene.services.schedules
    anna, bert = await person(scene, "anna", Role.VIEWER), await person(scene, "bert", Role.VIEWER)
    own: Actor = anna.actor()
    await schedules.add(sending("outlets", anna), own, SYSTEM)
    with pytest.raises(Forbidden):
        await schedules.add(sending("outlets", anna, bert), own, SYSTEM)
    with pytest.raises(InvalidInput):
        await schedules.add(sending("outlets"), own, SYSTEM)
