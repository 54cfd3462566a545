"""When a closed problem is looked at again (回头看): after 30 and after 90 days, and a random tenth within a week. Pure.

A look-back may be done in the week before it is due. So what has come back is still found within the 30 days in which the closing
can be taken back. A visit does every look-back that may be done at that moment, and one before any of them is due does none.

Which closings belong to the random tenth is drawn when they are closed (``is_drawn``) and written into the event. The draw is a
keyed hash: the same for everybody who knows the salt, and nothing that a unit could work out.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from media_tracker.accounts.actor import Actor
from media_tracker.problems.afterwards.facts import Occasion
from media_tracker.problems.case import Case, State
from media_tracker.problems.steps import Command

AFTER: Mapping[Occasion, timedelta] = {
    Occasion.SAMPLE: timedelta(days=7),
    Occasion.DAYS_30: timedelta(days=30),
    Occasion.DAYS_90: timedelta(days=90),
}
"""How long after its closing a problem is due to be looked at again."""
LEAD = timedelta(days=7)
"""So long before it is due a look-back may be done."""
ONE_IN = 10


@dataclass(frozen=True, slots=True)
class Task:
    """One look-back of the present closing. ``done_at`` None: nobody has gone yet."""

    occasion: Occasion
    due_at: datetime
    done_at: datetime | None

    @property
    def opens_at(self) -> datetime:
        """From when on it may be done."""
        return self.due_at - LEAD


def schedule(case: Case) -> tuple[Task, ...]:
    """The look-backs of the present closing, the earliest first; none where a problem is not closed, or has come back since."""
    closed = case.closed_at
    if case.state is not State.CLOSED or closed is None or case.relapsed_as is not None:
        return ()
    done = {occasion: look.at for look in reversed(case.look_backs) if look.at >= closed for occasion in look.occasions}
    wanted = [each for each in AFTER if each is not Occasion.SAMPLE or case.drawn]
    return tuple(Task(each, closed + AFTER[each], done.get(each)) for each in wanted)


def next_due_at(case: Case) -> datetime | None:
    """When the next look-back that nobody has done is due, or was; None without one."""
    return min((task.due_at for task in schedule(case) if task.done_at is None), default=None)


def open_occasions(case: Case, now: datetime) -> tuple[Occasion, ...]:
    """The look-backs that a visit at ``now`` does."""
    return tuple(task.occasion for task in schedule(case) if task.done_at is None and task.opens_at <= now)


def looked_back(case: Case, command: Command, actor: Actor) -> dict[str, Any]:
    """What the event of a look-back says. Independence and what it does are facts of the moment: rules move on later."""
    return {
        "by": actor.user_id,
        "level": actor.level,
        "independent": True,
        "found": command.found,
        "occasions": list(open_occasions(case, command.at)),
        "photos": list(command.after),
    }


def is_drawn(salt: bytes, problem_id: ObjectId, seq: int) -> bool:
    """Whether the closing that is event ``seq`` of a problem is re-checked: one in ten is, by a hash keyed with ``salt``."""
    digest = hmac.digest(salt, problem_id.binary + seq.to_bytes(8), hashlib.sha256)
    return int.from_bytes(digest[:8]) * ONE_IN < 2**64
