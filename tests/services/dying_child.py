"""A process that dies before its n-th write to the database, for every n, until a life of a problem gets through unharmed.

``python -m tests.services.dying_child URI DATABASE UNIT``: each try is a process of its own with a problem of its own:
registered, assigned, protected, claimed with a photo, verified with a photo, closed. Prints a line of JSON for
each: the write that it died before, and the server session that it left behind (the server ends it by itself after a minute).
"""

from __future__ import annotations

import asyncio
import json
import os
import sys

from argon2 import PasswordHasher
from beanie import init_beanie
from bson import ObjectId
from pymongo import monitoring

from media_tracker.accounts.actor import Actor, Role
from media_tracker.accounts.passwords import Passwords
from media_tracker.db.connection import open_database
from media_tracker.db.events import Origin
from media_tracker.net.fetch import Fetcher
from media_tracker.problems.case import Channel, Outcome, Report
from media_tracker.problems.service import NewProblem
from media_tracker.problems.steps import Command, Step
from media_tracker.settings import Settings
from media_tracker.text.segment import search_tokens
from media_tracker.wiring import DOCUMENTS, Services, assemble
from tests.fake_clock import FakeClock
from tests.files.pictures import encoded, picture

WRITES = frozenset({"insert", "update", "delete", "findAndModify", "bulkWrite", "commitTransaction"})
DIED = 9
PHOTO = encoded(picture())
CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


class Death(monitoring.CommandListener):
    """Ends the process before the write after ``left`` more. Nothing runs on the way out."""

    def __init__(self, left: int) -> None:
        self.left = left
        self.counting = False
        self.transaction = b""
        """The server session whose transaction is open."""

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command.get("startTransaction"):
            self.transaction = bytes(event.command["lsid"]["id"])
        if not self.counting or event.command_name not in WRITES:
            return
        if self.left == 0:
            told = {"session": self.transaction.hex(), "write": event.command_name}
            os.write(1, (json.dumps(told) + "\n").encode())
            os._exit(DIED)
        self.left -= 1

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        if event.command_name in ("commitTransaction", "abortTransaction"):
            self.transaction = b""

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...


async def life(uri: str, name: str, unit: ObjectId, left: int) -> None:
    """The whole life of one problem, with ``left`` writes to live."""
    death = Death(left)
    monitoring.register(death)
    async with open_database(uri, name) as database:
        await init_beanie(database=database, document_models=list(DOCUMENTS), skip_indexes=True)
        fetcher = Fetcher(user_agent="media-tracker/test", allow=frozenset(), host_gap=0)  # nobody fetches here
        services = assemble(Settings(_env_file=None), database, fetcher, FakeClock(), CHEAP)
        death.counting = True
        await _live(services, unit)


async def _live(services: Services, unit: ObjectId) -> None:
    def person(*roles: Role, units: frozenset[ObjectId] = frozenset()) -> Actor:
        return Actor(ObjectId(), frozenset(roles), units=units)

    async def photo() -> tuple[ObjectId, ...]:
        return ((await services.files.save_image(PHOTO, "a.jpg", None, "evidence")).id,)

    editor, official = person(Role.EDITOR), person(Role.OFFICIAL, units=frozenset({unit}))
    inspector, now = person(Role.INSPECTOR), services.clock()
    new = NewProblem(await services.problems.draw_number(), "井盖缺失", "新华社区3号楼", "102", "370303001001")
    report = Report(id=ObjectId(), channel=Channel.PATROL, occurred_at=now, received_at=now)
    problem = await services.problems.register(new, [report], editor, Origin(editor.user_id), "巡查发现")
    fixed = {"outcome": Outcome.RESOLVED, "fixed_at": now}
    seen = {"verified_outcome": Outcome.RESOLVED, "on_site": True}
    for step, who, given in (
        (Step.ASSIGN, editor, {"unit_id": unit}),
        (Step.PROTECT, official, {}),
        (Step.CLAIM, official, {"after": True, **fixed}),
        (Step.VERIFY, inspector, {"after": True, **seen}),
        (Step.CLOSE, editor, {}),
    ):
        with_photo = {"after": await photo()} if "after" in given else {}
        command = Command(step, now, text="已办", **{**given, **with_photo})  # type: ignore[arg-type]
        problem = await services.problems.act(problem.number, problem.case.version, command, who, Origin(who.user_id))


def main(uri: str, name: str, unit: str) -> None:
    """Try with 0, 1, 2, … writes to live, each time in a process of its own, until one of them gets through."""
    left, code = 0, DIED
    search_tokens("读一次词典，之后每个进程都有")
    while code == DIED:
        child = os.fork()  # nothing runs yet that a fork could harm: no loop, no thread, no connection
        if child == 0:
            asyncio.run(life(uri, name, ObjectId(unit), left))
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        left += 1
    print(json.dumps({"lives": left, "code": code}), flush=True)
    sys.exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:4])
