"""Why a story is masked. Pure.

A reason is one of a few, and no free text: it goes into the event, which forgets nothing.
"""

from __future__ import annotations

from enum import StrEnum


class WithdrawalReason(StrEnum):
    """What was asked for, and by whom."""

    RETRACTED = "retracted"  # 撤稿: the outlet has taken it back
    CORRECTED = "corrected"  # 更正: the outlet says that it was wrong
    OBJECTION = "objection"  # 申诉: somebody whom it tells of has objected, and is right
    PRIVACY = "privacy"  # it shows somebody who must not be shown: a child, a caller, a victim
