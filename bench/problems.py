"""How quickly the pages of problems answer sixteen people at once, over as many problems as an office keeps.

The pages are served as they are in an installation, by processes of their own on loopback; the clients are an official of a busy
unit, an inspector and an editor.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from bench.asking import AT_ONCE, SECRET, Page, measured, served
from bench.many_problems import Scene, make_problems, set_scene
from bench.table import show
from media_tracker.accounts.actor import Role
from media_tracker.accounts.duties import Duties
from media_tracker.db.clock import system_clock
from media_tracker.db.connection import open_database
from media_tracker.settings import Settings
from media_tracker.wiring import Services, assemble, bind_documents, open_fetcher

DATABASE = "media_tracker_bench_problems"


def pages(scene: Scene) -> Sequence[Page]:
    """What is measured: the list as it is first seen, each quick filter, single filters, both orders, search, my work."""
    unit, region, category = scene.units[0], scene.regions[0], scene.categories[0]
    return [
        Page("all, newest first", "/problems?show=all"),
        Page("all, nearest limit first", "/problems?show=all&sort=due"),
        Page("open", "/problems?show=open"),
        Page("overdue", "/problems?show=overdue"),
        Page("to verify", "/problems?show=to_verify"),
        Page("my unit, open", "/problems", Role.OFFICIAL),
        Page("my unit, red", "/problems?show=mine&light=red", Role.OFFICIAL),
        Page("my work, official", "/work", Role.OFFICIAL),
        Page("my work, inspector", "/work", Role.INSPECTOR),
        Page("one unit", f"/problems?show=all&unit={unit}"),
        Page("one subdistrict", f"/problems?show=all&region={region}"),
        Page("one category", f"/problems?show=all&category={category}"),
        Page("urgent, exposed", "/problems?show=all&severity=urgent&exposed=yes"),
        Page("search: one word", "/problems?show=all&words=井盖"),
        Page("search: two words", "/problems?show=all&words=清泉小区"),
        Page("search: a number's beginning", "/problems?show=all&words=HZ-2026"),
        Page("areas, all cities", "/areas"),
        Page("areas, a city and its districts", f"/areas?region={scene.regions[-1][:4]}"),
    ]


async def run(uri: str, problems: int) -> None:
    """Fill a database, serve it, ask, and print the table."""
    async with open_database(uri, DATABASE) as database:
        await bind_documents(database)
        settings = Settings(_env_file=None, secret_key=SECRET, allowed_hosts="127.0.0.1")
        services = assemble(settings, database, open_fetcher(settings), system_clock)
        await database.client.drop_database(DATABASE)
        try:
            await services.migrator.migrate()
            scene = await set_scene(services)
            started = time.perf_counter()
            await make_problems(services, scene, problems)
            made = time.perf_counter() - started
            tokens = await _people(services, scene)
            async with served(uri, DATABASE) as address:
                rows = [await measured(address, each, tokens[each.who]) for each in pages(scene)]
        finally:
            await database.client.drop_database(DATABASE)
    load = os.getloadavg()[0]
    title = (
        f"Pages of {problems:,} problems (made in {made:.0f} s), {AT_ONCE} at once, load {load:.1f}; bar: p95 ≤ 300 ms"
    )
    show(title, ["page", "p50", "p95", "bar"], rows)


async def _people(services: Services, scene: Scene) -> dict[Role, str]:
    """Session tokens of one person of each role; the official's unit is the busiest."""
    tokens = {}
    for role in (Role.EDITOR, Role.OFFICIAL, Role.INSPECTOR):
        units = {Role.OFFICIAL: (scene.units[0],), Role.INSPECTOR: (scene.units[-1],)}.get(role, ())
        duties = Duties(frozenset({role}), unit_ids=units)
        added = await services.accounts.add_user(f"bench-{role.value}", role.value, duties, must_change_password=False)
        tokens[role] = await services.sessions.open(added.user)
    return tokens
