"""Released figures: each as long as its list, frozen on the day, masked afterwards, and never sample data in disguise."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest
from bson import ObjectId

from media_tracker.demo.removal import remove
from media_tracker.errors import Conflict, Forbidden, InvalidInput, NotFound
from media_tracker.monitor.definitions import Key
from media_tracker.monitor.documents import Release
from media_tracker.monitor.facts import Period
from media_tracker.monitor.releases import PUBLIC_KEYS, PublicRow
from media_tracker.outlets.documents import OutletKind
from media_tracker.problems.case import State
from media_tracker.problems.documents import Problem
from media_tracker.problems.steps import Step
from tests.services.deaths import cut_off, refusing
from tests.services.scene import PARKING, RUBBISH, XIYUAN, Scene

YEAR = Period(date(2026, 1, 1), date(2026, 3, 31))


async def release(scene: Scene, period: Period = YEAR) -> Release:
    return await scene.services.releases.release(period, scene.publicity, scene.who(scene.publicity))


async def lists(scene: Scene, released: Release) -> dict[Key, list[PublicRow]]:
    return {key: await scene.services.releases.rows(released, key) for key in PUBLIC_KEYS}


def values(released: Release) -> dict[Key, int]:
    return {figure.key: figure.value for figure in released.figures}


async def a_campaign(scene: Scene) -> list[Problem]:
    """One solved and closed, one verified, one claimed, one open and overdue, one that only a blogger has told of."""
    closed = await scene.closed(await scene.exposed())
    verified = await scene.verified(await scene.exposed(outlet="晚报"))
    claimed = await scene.claimed(await scene.exposed(outlet="晚报"))
    story = await scene.exposure(outlet="网")
    opened = await scene.assigned(await scene.expose(story, category=PARKING, region=XIYUAN))
    await scene.attach(await scene.exposure(outlet="晚报"), opened)
    told = await scene.expose(await scene.exposure(outlet="随手拍", kind=OutletKind.SELF_MEDIA))
    scene.clock.set(scene.clock.START + timedelta(days=29))
    return [closed, verified, claimed, opened, told]


async def test_every_number_is_the_length_of_its_list(scene: Scene) -> None:
    await a_campaign(scene)

    released = await release(scene)

    assert values(released) == {
        Key.RESOLVED: 2,
        Key.PROBLEMS: 4,
        Key.EXPOSURES: 5,
        Key.BEFORE_PRINT: 0,
        Key.DUE: 4,
        Key.DUE_CLOSED: 2,
        Key.RELAPSED: 0,
    }
    found = await lists(scene, released)
    assert {key: len(rows) for key, rows in found.items()} == values(released)
    assert await scene.services.releases.latest() == released
    assert (released.start, released.end, released.released_at) == ("2026-01-01", "2026-03-31", scene.clock.now)


async def test_a_public_row_says_street_category_unit_state_and_outlet_and_no_more(scene: Scene) -> None:
    problem, *_ = await a_campaign(scene)
    released = await release(scene)

    row = next(row for row in (await lists(scene, released))[Key.RESOLVED] if row.state == State.CLOSED)

    assert problem.case.region == "370303001001"
    assert row == PublicRow(
        region="370303001",
        category=RUBBISH,
        unit_id=scene.unit,
        state=State.CLOSED,
        outlet_id=problem.case.exposures[0].outlet_id,
    )


async def test_what_was_released_stays_as_it_was_whatever_happens_later(scene: Scene) -> None:
    *_, opened, _ = await a_campaign(scene)
    released = await release(scene)
    before = await lists(scene, released)

    await scene.closed(opened)
    await scene.exposed()
    again = await release(scene)

    assert await scene.services.releases.get(released.number) == released
    assert await lists(scene, released) == before
    assert values(again)[Key.RESOLVED] == 3
    assert values(again)[Key.PROBLEMS] == 5
    assert [each.number for each in await scene.services.releases.all()] == [again.number, released.number]


async def test_a_case_that_is_withheld_keeps_its_row_and_says_nothing(scene: Scene) -> None:
    closed, verified, *_ = await a_campaign(scene)
    await scene.act(closed, scene.step(Step.WITHHOLD), scene.publicity)
    released = await release(scene)
    await scene.act(verified, scene.step(Step.WITHHOLD), scene.publicity)
    await scene.act(closed, scene.step(Step.SHOW), scene.publicity)

    found = await lists(scene, released)

    assert found[Key.RESOLVED] == [PublicRow(withheld=True)] * 2
    assert {key: len(rows) for key, rows in found.items()} == values(released)


async def test_a_story_that_is_withdrawn_keeps_its_row_and_loses_its_link(scene: Scene) -> None:
    closed, *_ = await a_campaign(scene)
    released = await release(scene)
    story = await scene.services.stories.get(closed.case.exposures[0].story_id or ObjectId())
    await scene.services.desk.withdraw(str(story.id), story.version, scene.editor, scene.who(scene.editor))

    found = await lists(scene, released)

    assert {key: len(rows) for key, rows in found.items()} == values(released)
    row = next(row for row in found[Key.RESOLVED] if row.state == State.CLOSED)
    assert (row.url, row.outlet_id) == ("", None)
    assert values(await release(scene))[Key.RESOLVED] == 1


async def test_an_empty_period_is_released_as_noughts(scene: Scene) -> None:
    released = await release(scene, Period(date(2025, 1, 1), date(2025, 1, 31)))

    assert set(values(released).values()) == {0}
    assert set(map(len, (await lists(scene, released)).values())) == {0}


@pytest.mark.parametrize(
    "period", [Period(date(2026, 3, 2), date(2026, 3, 1)), Period(date(2026, 3, 1), date(2026, 3, 3))]
)
async def test_a_period_that_is_none_or_not_over_is_refused(scene: Scene, period: Period) -> None:
    with pytest.raises(InvalidInput):
        await release(scene, period)
    assert await scene.services.releases.latest() is None


async def test_today_is_the_local_day(scene: Scene) -> None:
    scene.clock.set(scene.clock.START.replace(hour=16))
    assert (await release(scene, Period(date(2026, 3, 3), date(2026, 3, 3)))).end == "2026-03-03"


async def test_only_publicity_staff_release(scene: Scene) -> None:
    for person in (scene.editor, scene.inspector, scene.official):
        with pytest.raises(Forbidden):
            await scene.services.releases.release(YEAR, person, scene.who(person))


async def test_a_number_that_is_none_is_not_found(scene: Scene) -> None:
    with pytest.raises(NotFound):
        await scene.services.releases.get(1)


async def test_figures_that_count_samples_are_samples_and_go_with_them(scene: Scene) -> None:
    """Publicity staff who try the button while the samples are loaded must not leave invented figures in public."""
    scene.clock.advance(days=29)
    empty = await release(scene)
    await scene.verified(await scene.exposed())
    real = await release(scene)
    await scene.exposed(outlet="演示报", demo=True)
    mixed = await release(scene)
    assert [each.demo for each in (empty, real, mixed)] == [False, False, True]

    await remove(scene.services)

    assert await scene.services.releases.latest() == real
    assert await scene.services.database["release_rows"].count_documents({"release": mixed.number}) == 0
    assert {key: len(rows) for key, rows in (await lists(scene, real)).items()} == values(real)


async def test_a_form_that_is_sent_twice_releases_once(scene: Scene) -> None:
    await a_campaign(scene)
    seen = (await scene.services.releases.preview(YEAR)).seen
    releases, who = scene.services.releases, scene.who(scene.publicity)

    said = await asyncio.gather(
        *(releases.release(YEAR, scene.publicity, who, seen=seen) for _ in range(3)), return_exceptions=True
    )

    assert sum(isinstance(each, Release) for each in said) == 1
    assert sum(isinstance(each, Conflict) for each in said) == 2
    assert len(await releases.all()) == 1


async def test_figures_that_have_changed_since_they_were_seen_are_not_released(scene: Scene) -> None:
    seen = (await scene.services.releases.preview(YEAR_SO_FAR)).seen
    await scene.exposed()
    with pytest.raises(Conflict, match="changed"):
        await scene.services.releases.release(YEAR_SO_FAR, scene.publicity, scene.who(scene.publicity), seen=seen)
    assert await scene.services.releases.all() == []


YEAR_SO_FAR = Period(date(2026, 1, 1), date(2026, 3, 2))


async def test_a_release_is_there_with_all_its_rows_or_not_at_all(scene: Scene) -> None:
    await a_campaign(scene)
    async with refusing(scene.services.database, "release_rows"):
        with pytest.raises(Exception, match="failed validation"):
            await release(scene)
    assert await scene.services.releases.latest() is None
    for moment in range(6):
        await cut_off(release(scene), moment * 0.005)

    for released in await scene.services.releases.all():
        assert {key: len(rows) for key, rows in (await lists(scene, released)).items()} == values(released)
    for _ in range(2):  # rows whose release was in doubt are taken away once a higher number is out
        scene.clock.advance(minutes=1)
        await release(scene)
    rows = await scene.services.database["release_rows"].distinct("release")
    assert set(rows) <= {released.number for released in await scene.services.releases.all()}
