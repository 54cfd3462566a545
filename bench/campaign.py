"""How quickly the desk and the monitor answer sixteen people at once, over a campaign of a million stories.

The campaign is the one of ``media-tracker demo --size``; the pages are served by one process and by two.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from datetime import timedelta

from bench.asking import AT_ONCE, SECRET, Page, measured, served
from bench.table import show
from media_tracker.accounts.actor import Role
from media_tracker.db.clock import system_clock
from media_tracker.db.connection import open_database
from media_tracker.demo.large.filling import fill
from media_tracker.demo.large.scene import Scene, set_scene
from media_tracker.settings import Settings
from media_tracker.wiring import Services, assemble, bind_documents, open_fetcher

DATABASE = "media_tracker_bench_campaign"
FREE = 3.0
"""Seconds for filters that nobody has asked for before, and for a past moment; asked by one at a time."""
FREE_REQUESTS = 8
SEED = 1


def usual(services: Services) -> Sequence[Page]:
    """The pages with the filters that they open with."""
    today = services.clock().astimezone(services.settings.zone).date()
    year = f"from={today.year}-01-01&to={today}"
    return [
        Page("desk", "/desk"),
        Page("stories", "/stories"),
        Page("problems", "/problems?show=open"),
        Page("good deeds", "/deeds"),
        Page("monitor", "/monitor", Role.PUBLICITY),
        Page("monitor, the last 30 days", f"/monitor?from={today - timedelta(days=29)}&to={today}", Role.PUBLICITY),
        *(
            Page(f"list of {key}", f"/monitor/{key}?{year}", Role.PUBLICITY)
            for key in ("stories", "problems", "resolved", "overdue", "due", "good_deeds")
        ),
    ]


def free(services: Services, scene: Scene) -> Sequence[Page]:
    """Filters of one's own, and the past."""
    today = services.clock().astimezone(services.settings.zone).date()
    year = f"from={today.year}-01-01&to={today}"
    district, category = scene.regions[0][1], scene.categories[0][0]
    outlet, unit = scene.sources[0].outlet_id, next(iter(scene.units.values()))
    chosen = [
        ("district", f"district={district}"),
        ("outlet and category", f"outlet={outlet}&category={category[:1]}"),
        ("unit, urgent", f"unit={unit}&severity=urgent"),
        ("as of 200 days ago", f"as_of={today - timedelta(days=200)}T09:00"),
        ("as of 200 days ago, district", f"district={district}&as_of={today - timedelta(days=200)}T09:00"),
    ]
    return [Page(f"monitor: {name}", f"/monitor?{year}&{query}", Role.PUBLICITY, FREE, 1) for name, query in chosen]


async def run(uri: str, stories: int) -> None:
    """Fill a database, serve it, ask, and print the table."""
    async with open_database(uri, DATABASE) as database:
        await bind_documents(database)
        settings = Settings(_env_file=None, secret_key=SECRET, allowed_hosts="127.0.0.1")
        services = assemble(settings, database, open_fetcher(settings), system_clock)
        await database.client.drop_database(DATABASE)
        try:
            await services.migrator.migrate()
            now = services.clock()
            started = time.perf_counter()
            scene, cast = await set_scene(services, now.astimezone(settings.zone).date())
            await fill(services, uri, scene, SEED, stories, now, lambda *_: None)
            made = time.perf_counter() - started
            tokens = {role: await services.sessions.open(each.user) for role, each in cast.accounts.items()}
            rows = []
            async with served(uri, DATABASE, 1) as address:
                rows += [["one process", *await measured(address, each, tokens[each.who])] for each in usual(services)]
            async with served(uri, DATABASE, 2) as address:
                rows += [["two", *await measured(address, each, tokens[each.who])] for each in usual(services)]
                rows += [
                    ["two", *await measured(address, each, tokens[each.who], FREE_REQUESTS)]
                    for each in free(services, scene)
                ]
        finally:
            await database.client.drop_database(DATABASE)
    title = (
        f"A campaign of {stories:,} stories (made in {made:.0f} s), {AT_ONCE} at once, load {os.getloadavg()[0]:.1f}; "
        f"bar: p95 ≤ 300 ms, and 3 s for one's own filters and the past"
    )
    show(title, ["served by", "page", "p50", "p95", "bar"], rows)
