"""What the samples come to, once people have dealt with them: every stage, a relapse, good deeds that several outlets tell of."""

from __future__ import annotations

from datetime import timedelta

import pytest

from media_tracker.demo.captures import HOST, CaptureServer
from media_tracker.demo.labels import read_labels
from media_tracker.demo.seed import CAME_BACK, Seeder
from media_tracker.demo.timetable import Timetable
from media_tracker.ingest.documents import Kind
from media_tracker.locate import feeds_dir
from media_tracker.monitor.definitions import Key
from media_tracker.monitor.facts import Period, Slice
from media_tracker.net.fetch import Fetcher
from media_tracker.places.responsibility import Relation
from media_tracker.problems.finding.listing import ProblemFilter
from media_tracker.wiring import Services, assemble
from tests.fake_clock import FakeClock

pytestmark = pytest.mark.slow

FOLDER = feeds_dir() / "captures"


async def test_the_samples_show_every_figure_and_every_deed_once(services: Services, clock: FakeClock) -> None:
    """One story in one test, because filling takes its time."""
    seeder, told = await _filled(services, clock)
    assert told == []
    await _check_figures(services, seeder)
    await _check_deeds(services, seeder)
    await _check_responsibilities(services)


async def _filled(services: Services, clock: FakeClock) -> tuple[Seeder, list[str]]:
    """The samples, put in by the program's own means; and what it had to say of steps that failed."""
    settings = services.settings
    today = clock.now.astimezone(settings.zone).date()
    said: list[str] = []
    async with CaptureServer(FOLDER, today, settings.zone, port=0) as captures:
        allow = frozenset({(HOST, captures.port)})
        async with Fetcher(user_agent="media-tracker/test", allow=allow, host_gap=0) as fetcher:
            timetable = Timetable(clock.now)
            simulated = assemble(settings, services.database, fetcher, timetable.clock)
            seeder = Seeder(simulated, timetable, FOLDER, today, said.append)
            await seeder.fill(captures.rebase((feeds_dir() / "partners.opml").read_bytes()))
    return seeder, [
        sentence for sentence in said if not sentence.startswith(("subscribed", "read", "dealt", "released"))
    ]


async def _check_figures(services: Services, seeder: Seeder) -> None:
    """No figure is empty, and the problem that is to come back has: after its closing could still be taken back."""
    period = Period(seeder.today - timedelta(days=80), seeder.today)
    figures = {key: await services.monitor.figure(key, period, Slice()) for key in Key}
    assert [key for key, figure in figures.items() if figure.value == 0] == []
    came_back = await services.problems.get(seeder.numbers[CAME_BACK])
    assert [row.problem_id for row in figures[Key.RELAPSED].rows] == [came_back.case.id]
    assert came_back.case.relapsed_as is not None
    assert (await services.problems.by_id(came_back.case.relapsed_as)).case.relapse_of == came_back.case.id
    assert figures[Key.RESOLVED].value - figures[Key.RESOLVED_NET].value == 1


async def _check_deeds(services: Services, seeder: Seeder) -> None:
    """Stories with one label are of one deed, and nobody is praised twice for it."""
    settings = services.settings
    tree = await services.places.regions()
    labels = read_labels(FOLDER, seeder.today, seeder.timetable.now, settings.zone, tree)
    by_key = {label.key: label for label in labels.values() if label.kind is Kind.GOOD_DEED}
    deeds = await services.deeds.recent(100)
    stories = await services.stories.many({each.story_id for deed in deeds for each in deed.stories})
    several = set()
    for deed in deeds:
        (name,) = {by_key[stories[each.story_id].key].deed for each in deed.stories}
        assert (name is not None) >= (len(deed.stories) > 1)
        assert name not in several, f"{deed.title} stands twice"
        several |= {name} - {None}
    assert len(several) >= 5
    assert max(len({each.outlet_id for each in deed.stories}) for deed in deeds) >= 2
    assert max(len(deed.stories) for deed in deeds) >= 4
    assert len({deed.person for deed in deeds}) == len(deeds)


async def _check_responsibilities(services: Services) -> None:
    """The table names the unit that has a sample problem; one class of one district is left to nobody, so that a gap shows."""
    table, on = services.places.responsibilities, services.clock().date()
    duties, backings = await table.duties(on), await table.backings(on)
    assert {each.relation for each in backings} == set(Relation)
    gaps = (await services.responsibilities.surroundings()).gaps(duties, on)
    assert len({each.region for each in gaps}) == 1
    assigned = [each for each in (await services.problems.page(ProblemFilter(), size=40)).problems if each.case.unit_id]
    named = [(await services.problems.proposal(each)).lead == each.case.unit_id for each in assigned]
    assert assigned
    assert sum(named) > len(named) / 2
    by_year: dict[int, list[int]] = {}
    async for row in services.database["dispatch_orders"].find({}, {"year": 1, "serial": 1}):
        by_year.setdefault(row["year"], []).append(row["serial"])
    assert by_year
    assert all(sorted(serials) == list(range(1, len(serials) + 1)) for serials in by_year.values())
