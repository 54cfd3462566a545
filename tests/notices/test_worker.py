"""A worker as it runs: what somebody does on a page ends in a letter, without anything being asked for."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from media_tracker.mail.carriers import FileCarrier
from media_tracker.mail.letters import Sender
from media_tracker.mail.outbox import LetterState, Outbox
from media_tracker.worker import Worker
from tests.notices.scene import Town

LOOKS = 600


async def test_an_assignment_becomes_a_letter_by_itself(town: Town, tmp_path: Path) -> None:
    services, stop = town.services, asyncio.Event()
    carrier, sender = FileCarrier(tmp_path / "mail"), Sender("tracker@example.org")
    outbox = Outbox(services.database, town.city.clock, "a", carrier, sender, services.accounts.reachable)
    working = asyncio.create_task(Worker(replace(services, outbox=outbox)).run(stop))
    problem = await town.assigned()

    try:
        for _ in range(LOOKS):
            if (await outbox.counts())[LetterState.SENT]:
                break
            await asyncio.sleep(0.1)
    finally:
        stop.set()
        await working
    (path,) = (tmp_path / "mail").iterdir()
    letter = message_from_bytes(path.read_bytes(), policy=default)
    assert letter["To"] == "olga@example.org"
    assert problem.number in letter["Subject"]
