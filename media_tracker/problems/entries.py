"""What is entered by hand: who may register, report and correct, and what a number from outside looks like. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from media_tracker.accounts.actor import Actor, Role
from media_tracker.errors import N_, Forbidden, InvalidInput
from media_tracker.problems.case import Report

LONGEST_NUMBER = 64
_NUMBER = re.compile(r"[\w./#-]+(?: +[\w./#-]+)*")


def check_dispatcher(actor: Actor) -> None:
    """Accept ``actor`` as somebody who may enter problems and what is known of them; else ``Forbidden``."""
    if not actor.has(Role.EDITOR, Role.PUBLICITY):
        raise Forbidden(N_("Your role does not allow this."))


def mistake_in_number(number: str | None) -> str | None:
    """What is wrong with the number that a report has elsewhere; None when nothing is.

    It goes into the event log, which forgets nothing: so it is a number, and no text in which somebody is named.
    """
    if number is None or (len(number) <= LONGEST_NUMBER and _NUMBER.fullmatch(number)):
        return None
    return N_("Please give only the number: at most 64 letters, digits, blanks and the signs - _ / . #")


def check_reports(reports: Iterable[Report]) -> None:
    """Accept the outside numbers of ``reports``; else ``InvalidInput``."""
    for report in reports:
        if (mistake := mistake_in_number(report.outside_number)) is not None:
            raise InvalidInput(mistake, {"outside_number": mistake})
