"""Who ordered something by mail loses the right to it: it stops, and those who have to know are told. Filters go with it."""

from __future__ import annotations

import asyncio
import io
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from openpyxl import load_workbook

from media_tracker.accounts.actor import Role
from media_tracker.accounts.duties import Duties
from media_tracker.db.events import SYSTEM
from media_tracker.errors import Forbidden
from media_tracker.monitor.export_jobs import JobState
from media_tracker.monitor.schedules import LEASE
from media_tracker.web.exports.mailing import OWNER_GONE, OWNER_MAY_NOT, Mailing
from media_tracker.web.exports.making import ExportWork
from media_tracker.web.render import Pages, pages_in
from tests.services.scene import Scene
from tests.services.test_exports import OUTLETS, letters, ordered, person, sending, to_the_hour


@pytest.fixture
def pages(scene: Scene) -> Pages:
    return pages_in(scene.services.settings.zone)


def texts(scene: Scene) -> dict[str, str]:
    """What letters without a file say, by address."""
    found = {}
    for path in Path(scene.services.settings.data_dir / "mail").glob("*.eml"):
        message = message_from_bytes(path.read_bytes(), policy=default)
        body = message.get_body(("plain",))
        if not list(message.iter_attachments()) and body is not None:  # type: ignore[union-attr] - of this kind
            found[str(message["To"])] = str(body.get_content())
    return found


async def test_who_ordered_it_and_may_not_send_it_any_more_has_nothing_sent_and_is_told(
    scene: Scene, pages: Pages
) -> None:
    room, mailing = scene.services, Mailing(scene.services, pages)
    anna, bert = await person(scene, "anna", Role.PUBLICITY), await person(scene, "bert", Role.VIEWER)
    chief = await person(scene, "chief", Role.ADMIN)
    schedule = await ordered(scene, anna, sending("outlets", anna, bert))
    await room.accounts.set_roles(None, anna.object_id, Duties(frozenset({Role.VIEWER})))
    to_the_hour(scene.clock, schedule)
    assert await mailing.turn()
    assert not await mailing.turn()
    await room.outbox.send_due()

    assert letters(scene) == {"anna@example.org": [], "chief@example.org": []}, "no file for anybody"
    for told in texts(scene).values():
        assert "“Outlets” is sent no more" in told
        assert OWNER_MAY_NOT in told
    [known] = await room.schedules.of(chief.actor())
    assert (known.paused, known.error, known.version) == (True, OWNER_MAY_NOT, 2)
    event = await room.database["events"].find_one({"entity": "schedule", "type": "stopped"})
    assert event is not None
    viewer = (await room.accounts.get(str(anna.object_id))).actor()
    with pytest.raises(Forbidden):
        await room.schedules.pause(str(known.id), known.version, False, viewer, SYSTEM)


async def test_a_worker_that_is_cut_off_while_it_stops_something_leaves_nobody_untold(
    scene: Scene, pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, mailing = scene.services, Mailing(scene.services, pages)
    anna, chief = await person(scene, "anna", Role.ADMIN), await person(scene, "chief", Role.ADMIN)
    schedule = await ordered(scene, anna, sending("audit", anna))
    await room.accounts.set_roles(None, anna.object_id, Duties(frozenset({Role.VIEWER})))
    to_the_hour(scene.clock, schedule)

    async def cut_off(*_: object) -> bool:
        raise asyncio.CancelledError

    cut: tuple[tuple[object, str], ...] = ((room.schedules, "stop"), (room.outbox, "put"))
    for where, name in cut:
        with monkeypatch.context() as patched:
            patched.setattr(where, name, cut_off)
            with pytest.raises(asyncio.CancelledError):
                await mailing.turn()
        scene.clock.advance(seconds=LEASE.total_seconds())
    assert await mailing.turn()
    assert [each.paused for each in await room.schedules.of(chief.actor())] == [True]
    assert await room.database["outbox"].count_documents({"subject": {"$regex": "is sent no more"}}) == 2


async def test_a_list_that_who_ordered_it_may_not_see_any_more_stops_too(scene: Scene, pages: Pages) -> None:
    room, mailing = scene.services, Mailing(scene.services, pages)
    anna, chief = await person(scene, "anna", Role.ADMIN), await person(scene, "chief", Role.ADMIN)
    schedule = await ordered(scene, anna, sending("audit", anna))
    await room.accounts.set_roles(None, anna.object_id, Duties(frozenset({Role.VIEWER})))
    to_the_hour(scene.clock, schedule)
    assert await mailing.turn()
    [known] = await room.schedules.of(chief.actor())
    assert (known.paused, known.error) == (True, OWNER_MAY_NOT)


async def test_a_closed_account_has_nothing_sent_and_the_admins_are_told(scene: Scene, pages: Pages) -> None:
    room, mailing = scene.services, Mailing(scene.services, pages)
    anna, bert = await person(scene, "anna", Role.PUBLICITY), await person(scene, "bert", Role.VIEWER)
    await person(scene, "chief", Role.ADMIN)
    schedule = await ordered(scene, anna, sending("outlets", bert))
    await room.accounts.deactivate(None, anna.object_id)
    to_the_hour(scene.clock, schedule)
    assert await mailing.turn()
    await room.outbox.send_due()
    assert set(letters(scene)) == {"chief@example.org"}
    assert OWNER_GONE in texts(scene)["chief@example.org"]


async def test_what_is_sent_has_the_filters_with_which_it_was_ordered(scene: Scene, pages: Pages) -> None:
    room, mailing = scene.services, Mailing(scene.services, pages)
    anna = await person(scene, "anna", Role.PUBLICITY)
    closed = await scene.closed(await scene.exposed())
    await scene.exposed(outlet="晚报")
    schedule = await ordered(scene, anna, sending("problems", anna, query="state=closed"))
    to_the_hour(scene.clock, schedule)
    assert await mailing.turn()
    await room.outbox.send_due()
    [(_, data)] = letters(scene)["anna@example.org"]
    sheet = load_workbook(io.BytesIO(data)).active
    assert sheet is not None
    assert [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)] == [closed.number]


async def test_a_worker_that_is_told_to_end_gives_its_file_back_and_it_costs_no_attempt(
    scene: Scene, pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, work = scene.services, ExportWork(scene.services, pages)
    anna = await person(scene, "anna", Role.VIEWER)
    job_id = str(await room.export_jobs.ask(anna.object_id, OUTLETS, None))
    begun = asyncio.Event()

    async def for_ever(*_: object) -> None:
        begun.set()
        await asyncio.sleep(3600)

    with monkeypatch.context() as patched:
        patched.setattr(work, "open", for_ever)
        turn = asyncio.create_task(work.turn())
        await begun.wait()
        turn.cancel()
        with pytest.raises(asyncio.CancelledError):
            await turn
    job = await room.export_jobs.get(job_id, anna.object_id)
    assert (job.state, job.tries) == (JobState.WAITING, 0)
    assert await work.turn()
    job = await room.export_jobs.get(job_id, anna.object_id)
    assert (job.state, job.tries) == (JobState.DONE, 1)
