"""Leads on a real database: who called stands nowhere in the clear, is read by few, with a trace, and erased on its date."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from bson import ObjectId
from bson.raw_bson import RawBSONDocument

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.events import Origin
from media_tracker.deeds.finding_leads import LeadFilter
from media_tracker.deeds.lead_rules import Caller, Channel, Lead, State
from media_tracker.deeds.leads import ENTITY, Leads
from media_tracker.errors import Conflict, Forbidden, InvalidInput, MediaTrackerError, NotReady
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock

EDITOR = Actor(ObjectId(), frozenset({Role.EDITOR}))
BY = (EDITOR, Origin(EDITOR.user_id))
CALLER = Caller("庚辛壬", "0533-5550199", "晚上打")
SECRETS = (CALLER.name, CALLER.phone, "5550199", CALLER.note)
ABOUT = "同一小区还有一位老人义务打扫楼道"
DEED = ObjectId()


@pytest.fixture
def leads(services: Services) -> Leads:
    return services.leads


@pytest_asyncio.fixture
async def lead(leads: Leads, clock: FakeClock) -> Lead:
    return await taken_in(leads, clock)


async def taken_in(leads: Leads, clock: FakeClock, **fields: Any) -> Lead:
    given: dict[str, Any] = {"form_key": str(ObjectId()), "caller": CALLER, "about": ABOUT, **fields}
    return await leads.take_in(
        given["form_key"], DEED, None, Channel.HOTLINE, clock.now, given["about"], given["caller"], *BY
    )


async def everything(services: Services) -> bytes:
    """Every document of every collection, as it is stored."""
    raw = services.database.with_options(
        codec_options=services.database.codec_options.with_options(document_class=RawBSONDocument)
    )
    found = b""
    for name in await raw.list_collection_names():
        found += b"".join([row.raw async for row in raw[name].find()])
    return found


async def test_who_called_stands_nowhere_in_the_clear_and_every_look_is_written_down(
    services: Services, leads: Leads, lead: Lead
) -> None:
    lead = await leads.follow_up(str(lead.id), lead.version, "已回访", *BY)
    lead = await leads.settle(str(lead.id), lead.version, State.STORY, ObjectId(), "", *BY)
    stored = await everything(services)
    assert ABOUT.encode() in stored, "what may be read is found this way"
    assert [word for word in SECRETS if word.encode() in stored] == []
    assert await services.audit.latest(subject=f"lead/{lead.number}") == []
    assert await leads.caller(str(lead.id), EDITOR, "request-1") == CALLER
    [entry] = await services.audit.latest(subject=f"lead/{lead.number}")
    assert (entry.action, entry.actor, entry.request_id) == ("caller_read", EDITOR.user_id, "request-1")
    stored = await everything(services)
    assert [word for word in SECRETS if word.encode() in stored] == []


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OFFICIAL, Role.INSPECTOR, Role.ADMIN])
async def test_only_editors_and_publicity_staff_see_who_called_or_do_anything(
    services: Services, leads: Leads, lead: Lead, role: Role
) -> None:
    key, by = str(lead.id), (Actor(ObjectId(), frozenset({role})), Origin())
    tries = [
        leads.caller(key, by[0], None),
        leads.take(key, 1, *by),
        leads.follow_up(key, 1, "x", *by),
        leads.settle(key, 1, State.NOTHING, None, "x", *by),
        leads.reopen(key, 1, *by),
        leads.erase(key, 1, *by),
        leads.take_in("k", DEED, None, Channel.VISIT, None, ABOUT, CALLER, *by),
    ]
    for each in tries:
        with pytest.raises(Forbidden):
            await each
    assert await leads.get(key) == lead
    assert await services.audit.latest() == []


async def test_a_caller_is_erased_days_after_settling_and_the_lead_stays(
    services: Services, leads: Leads, lead: Lead, clock: FakeClock
) -> None:
    lead = await leads.settle(str(lead.id), lead.version, State.NOTHING, None, "已答复", *BY)
    assert lead.erase_at == clock.now + timedelta(days=90)
    clock.now += timedelta(days=90) - timedelta(seconds=1)
    assert await leads.erase_due() == 0
    lead = await leads.reopen(str(lead.id), lead.version, *BY)
    clock.now += timedelta(days=1)
    assert await leads.erase_due() == 0, "it is worked on again"
    lead = await leads.settle(str(lead.id), lead.version, State.DEED, DEED, "", *BY)
    clock.now += timedelta(days=90)
    assert await leads.erase_due() == 1
    assert await leads.erase_due() == 0
    erased = await leads.get(str(lead.id))
    assert (erased.has_caller, erased.erase_at, erased.state) == (False, None, State.DEED)
    assert await leads.caller(str(lead.id), EDITOR, None) is None
    assert await services.database["lead_callers"].count_documents({}) == 0
    events = await services.log.of(ENTITY, lead.id)
    assert [event.type for event in events] == ["came_in", "settled", "reopened", "settled", "caller_erased"]
    assert [event.seq for event in events] == [1, 2, 3, 4, 5]


async def test_a_caller_of_a_lead_that_nobody_settles_is_erased_after_a_year(
    leads: Leads, lead: Lead, clock: FakeClock
) -> None:
    clock.now += timedelta(days=365)
    assert await leads.erase_due() == 1
    assert not (await leads.get(str(lead.id))).has_caller


async def test_a_caller_can_be_erased_by_hand_once(
    services: Services, leads: Leads, lead: Lead, clock: FakeClock
) -> None:
    lead = await leads.erase(str(lead.id), lead.version, *BY)
    assert not lead.has_caller
    assert [entry.action for entry in await services.audit.latest()] == ["caller_erased"]
    with pytest.raises(Conflict):
        await leads.erase(str(lead.id), lead.version, *BY)
    nobody = await taken_in(leads, clock, caller=Caller())
    assert not nobody.has_caller


async def test_what_belongs_to_the_caller_is_refused_everywhere_else(
    leads: Leads, lead: Lead, clock: FakeClock
) -> None:
    for about in ("", "请打13800001111", f"{CALLER.name}来电", "打 0533 5550199"):
        with pytest.raises(InvalidInput) as refused:
            await taken_in(leads, clock, about=about)
        assert set(refused.value.fields) == {"about"}
    for tried in (
        leads.follow_up(str(lead.id), 1, f"已回访{CALLER.name}", *BY),
        leads.settle(str(lead.id), 1, State.NOTHING, None, "5550199", *BY),
        leads.settle(str(lead.id), 1, State.STORY, None, "", *BY),
        leads.settle(str(lead.id), 1, None, None, "", *BY),
        leads.settle(str(lead.id), 1, State.NOTHING, None, "", *BY),
    ):
        with pytest.raises(InvalidInput):
            await tried
    assert await leads.get(str(lead.id)) == lead


async def test_the_same_form_twice_is_one_lead_and_of_two_who_settle_one_is_told(
    leads: Leads, clock: FakeClock
) -> None:
    key = str(ObjectId())
    first, second = await taken_in(leads, clock, form_key=key), await taken_in(leads, clock, form_key=key)
    assert first == second
    done = []
    for state in (State.NOTHING, State.DEED):
        try:
            done.append((await leads.settle(str(first.id), first.version, state, DEED, "好", *BY)).state)
        except MediaTrackerError as error:
            done.append(type(error))
    assert done == [State.NOTHING, Conflict]
    with pytest.raises(Conflict):
        await leads.follow_up(str(first.id), first.version + 1, "x", *BY)


async def test_leads_are_found_by_state_deed_and_worker_and_the_figure_is_as_long_as_its_list(
    services: Services, leads: Leads, clock: FakeClock
) -> None:
    made = [await taken_in(leads, clock) for _ in range(3)]
    await leads.take(str(made[0].id), 1, *BY)
    await leads.settle(str(made[1].id), 1, State.STORY, ObjectId(), "", *BY)
    for wanted, count in [
        (LeadFilter(), 3),
        (LeadFilter(open=True), 2),
        (LeadFilter(state=State.STORY, deed_id=DEED), 1),
        (LeadFilter(deed_id=ObjectId()), 0),
        (LeadFilter(worked_on_by=EDITOR.user_id), 1),
    ]:
        assert await leads.count(wanted) == len((await leads.page(wanted)).leads) == count
        found = services.database["leads"].find(wanted.query()).sort([("received_at", -1), ("_id", -1)])
        assert "IXSCAN" in str((await found.explain())["queryPlanner"]["winningPlan"])


async def test_with_another_secret_nobody_reads_who_called(services: Services, lead: Lead) -> None:
    await services.database["lead_callers"].update_one({"_id": lead.id}, {"$set": {"sealed": b"gAAAA"}})
    with pytest.raises(NotReady):
        await services.leads.caller(str(lead.id), EDITOR, None)
    assert (await services.leads.follow_up(str(lead.id), 1, "已回访", *BY)).state is State.FOLLOWED_UP
