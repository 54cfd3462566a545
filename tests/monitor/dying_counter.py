"""A process that counts, and dies before its n-th write to the database, for every n, until one gets through.

``python -m tests.monitor.dying_counter URI DATABASE NOW WHAT``; WHAT is ``follow`` or ``recount``. Each try is a process of its
own that begins where the one before it has died. Prints a line of JSON for each: the write that it died before, and a digest of
all lines and tallies that were read when it began.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
from datetime import datetime

from beanie import init_beanie
from bson import Binary
from pymongo import monitoring

from media_tracker.db.connection import Database, open_database
from media_tracker.monitor import following
from media_tracker.monitor.ledger import SHEETS, TALLIES, belonging_to
from media_tracker.monitor.lines import Family
from media_tracker.monitor.sheets import Sheet
from media_tracker.monitor.tallies import Tally
from media_tracker.net.fetch import Fetcher
from media_tracker.outlets.documents import Project
from media_tracker.settings import Settings
from media_tracker.wiring import Services, assemble
from tests.fake_clock import FakeClock
from tests.services.dying_child import CHEAP, DIED, Death

FEW = 25
"""Events of one transaction, so that there are several."""


async def read(services: Services) -> str:
    """A digest of every line with its times and of every tally that counts something, as they are read now."""
    state = await services.counting.ledger.state()
    if state is None:
        return ""
    told: list[str] = []
    mine = belonging_to(state.generation)
    async for row in services.database[SHEETS].find(mine):
        spans = list(Sheet.decode(Family(row["family"]), row).spans())
        assert len(spans) == len(set(spans)), "no line stands twice"
        told += [f"{row['_id'].partition(':')[2]} {span}" for span in spans]
    async for row in services.database[TALLIES].find(mine):
        tally = Tally.decode(row)
        if tally.total:
            told.append(f"{row['_id'].partition(':')[2]} {sorted(tally.total.items())} {sorted(tally.fields)}")
    return hashlib.sha256("\n".join(sorted(told)).encode()).hexdigest()


async def life(uri: str, name: str, now: datetime, what: str, left: int, before: list[bytes]) -> None:
    """Count, with ``left`` writes to live. ``before``: the server sessions that earlier lives have left open."""
    death = Death(left)
    monitoring.register(death)
    async with open_database(uri, name) as database:
        services = await _services(database, now)
        if before:  # the server ends them after a minute; here it is asked to do so now
            await database.client.admin.command("killSessions", [{"id": Binary(each, 4)} for each in before])
        await database["leases"].delete_many({})  # run out
        os.write(1, (json.dumps({"read": await read(services)}) + "\n").encode())
        death.counting = True
        if what == "recount":
            await services.counting.recount()
        else:
            await services.counting.catch_up()


async def _services(database: Database, now: datetime) -> Services:
    await init_beanie(database=database, document_models=[Project], skip_indexes=True)
    clock = FakeClock()
    clock.set(now)
    fetcher = Fetcher(user_agent="media-tracker/test", allow=frozenset(), host_gap=0)  # nobody fetches here
    return assemble(Settings(_env_file=None), database, fetcher, clock, CHEAP)


def main(uri: str, name: str, now: str, what: str) -> None:
    """Try with 0, 1, 2, … writes to live, each time in a process of its own, until one of them gets through."""
    following.AT_ONCE = FEW
    left, code, sessions = 0, DIED, list[bytes]()
    while code == DIED:
        ours, theirs = os.pipe()
        child = os.fork()  # nothing runs yet that a fork could harm: no loop, no thread, no connection
        if child == 0:
            os.dup2(theirs, 1)
            asyncio.run(life(uri, name, datetime.fromisoformat(now), what, left, sessions))
            os._exit(0)
        os.close(theirs)
        with os.fdopen(ours) as told:
            said = {name: value for line in told for name, value in json.loads(line).items()}
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sessions = [bytes.fromhex(said["session"])] if said.get("session") else []
        print(json.dumps({"code": code, **said}), flush=True)
        left += 1
    sys.exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:5])
