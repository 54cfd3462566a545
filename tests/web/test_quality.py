"""The page of quality: every number is as long as its list, κ is what the decisions say, and nobody reads of another editor."""

from __future__ import annotations

import csv
import html
import io
import re
from itertools import product

import pytest_asyncio

from media_tracker.accounts.actor import Actor, Role
from media_tracker.accounts.documents import AuditAction
from media_tracker.accounts.duties import Duties
from media_tracker.db.events import SYSTEM
from media_tracker.desk.agreement import agreement
from media_tracker.desk.second_look import SETTINGS
from media_tracker.desk.service import Decision
from media_tracker.ingest.documents import Kind, Story
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.web.desk_scene import COMMUNITY, COVER, PASSWORD, PAVING, Scene

KINDS = (Kind.EXPOSURE, Kind.NOTICE, Kind.OTHER)


@pytest_asyncio.fixture
async def scene(services: Services, clock: FakeClock) -> Scene:
    """Nine stories that two editors have decided, each pair of kinds once; one that waits; one that only one has decided."""
    scene = await Scene.build(services)
    users = [await services.accounts.find_by_username("editor")]
    for name, role in (("second", Role.EDITOR), ("admin", Role.ADMIN)):
        added = await services.accounts.add_user(name, f"{name} person", Duties(frozenset({role})), password=PASSWORD)
        users.append(added.user)
    first, second = (user.actor() for user in users[:2] if user is not None)
    settings = services.database[SETTINGS]
    await settings.insert_one({"_id": "share", "share": 1.0})

    async def decide(story: Story, kind: Kind, who: Actor, category: str = PAVING) -> None:
        decision = Decision(kind, category, COMMUNITY)
        await services.desk.decide(str(story.id), story.version, decision, who, SYSTEM)

    for one, other in product(KINDS, KINDS):
        story = await scene.put_story(kind=one)
        await decide(story, one, first)
        await decide(story, other, second, COVER if one is other else PAVING)
    await decide(await scene.put_story(), Kind.NOTICE, first)
    await settings.update_one({"_id": "share"}, {"$set": {"share": 0.0}})
    await decide(await scene.put_story(), Kind.NOTICE, first)
    clock.advance(minutes=1)
    return scene


def _figures(page: str) -> list[tuple[str, int]]:
    found = re.findall(r'<a href="(/desk/quality/[^"]+)" data-figure="(\d+)"', page)
    return [(html.unescape(address), int(number)) for address, number in found]


async def test_every_number_opens_a_list_that_is_just_as_long(scene: Scene) -> None:
    async with scene.browser("admin") as admin:
        figures = _figures((await admin.get("/desk/quality")).text)
        assert len({address for address, _ in figures}) > 40
        for address, number in dict.fromkeys(figures):
            shown = (await admin.get(address)).text
            assert f'data-total="{number}"' in shown, address
            assert len(re.findall(r'<a href="/stories/[0-9a-f]{24}"', shown)) == min(number, 50), address


async def test_kappa_and_precision_are_what_the_decisions_say(scene: Scene) -> None:
    found = scene.services
    since, until = FakeClock.START.replace(year=2025), found.clock()
    looks, _, cut = await found.quality.looks(since, until)
    said = agreement((look.first.said.kind, look.second.said.kind) for look in looks if look.second)
    assert (said.n, said.equal, cut) == (9, 3, False)
    assert said.kappa is not None
    assert abs(said.kappa) < 1e-12, "each pair once is what chance gives"
    async with scene.browser("admin") as admin:
        page = (await admin.get("/desk/quality")).text
        table = (await admin.get("/desk/quality.csv")).content.decode("utf-8-sig")
    assert ">0.00<" in page
    lines = list(csv.reader(io.StringIO(table)))
    assert next(line[:4] for line in lines if line[0] == "Kind") == ["Kind", "", "9", "3"]
    # Suggested kinds: the nine, and the single one (an exposure that became a notice); the one that waits is left out.
    kinds = next(line for line in lines if line[:2] == ["Suggestions, by field", "Kind"])
    assert kinds[2:4] == ["10", "9"]


async def test_an_editor_reads_only_of_themself_and_of_no_look_that_waits(scene: Scene) -> None:
    async with scene.browser("second") as second, scene.browser("admin") as admin:
        assert 'data-total="10"' in (await second.get("/desk/quality/suggestions?field=kind")).text
        assert 'data-total="9"' in (await second.get("/desk/quality/looks?field=kind")).text
        own, everybody = (await second.get("/desk/quality")).text, (await admin.get("/desk/quality")).text
        first = await scene.services.accounts.find_by_username("editor")
        assert first is not None
        for path in (f"/desk/quality/{name}?by={first.id}" for name in ("suggestions", "looks")):
            assert ((await second.get(path)).status_code, (await admin.get(path)).status_code) == (403, 200)
    names = ("editor person", "second person")
    bodies = [page[page.index("Over time, by editor") :] for page in (own, everybody)]
    assert [name in bodies[0] for name in names] == [False, True]
    assert [name in bodies[1] for name in names] == [True, True]


async def test_only_an_admin_sets_the_share_and_it_is_written_down(scene: Scene) -> None:
    async with scene.browser("second") as second, scene.browser("admin") as admin:
        for path in (
            "/desk/quality?start=soon&end=9999-99-99",
            "/desk/quality/looks?field=mood&since=never&from=-1&equal=maybe&by=nobody",
            "/desk/quality/suggestions?field=people&value=x&until=2026-03-02",
        ):
            assert (await second.get(path)).status_code == 200, "nonsense asks for nothing"
        assert (await second.get("/desk/quality/disputes/none")).status_code == 404
        assert (await second.post("/desk/quality/share", {"share": "10"})).status_code == 403
        assert (await admin.post("/desk/quality/share", {"share": "much"})).status_code == 422
        assert (await admin.post("/desk/quality/share", {"share": "12.5"})).status_code == 303
    assert await scene.services.second_looks.share() == 0.125
    (entry, *_) = await scene.services.audit.latest()
    assert (entry.action, entry.detail["number"]) == (AuditAction.SECOND_LOOKS_SET, 125)
