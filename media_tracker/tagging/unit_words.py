"""The words that names of units are made of: an editable table (``data/unit_words.csv``) and what is built from it.

| use | meaning |
|---|---|
| ``ending`` | names of organisations end in it (办事处, 局); together with the words before it, it is one |
| ``head`` | says by its work who is meant (部门, 施工方, 企业); the words before it belong to it |
| ``alone`` | names a unit without any word before it (物业, 交警, 镇里) |
| ``part`` | may stand inside such a name though it is a verb or the like (执法, 管理) |
| ``part_before_and`` | the 和 after it is within a name (住房和城乡建设局) |
| ``not_part`` | ends a name on the left though it is a noun (记者, 联系) |
| ``before_place`` | belongs to a name before the place in it (国网张店供电中心) |
| ``outlet`` | who has it in the name publishes, and is no unit |
| ``organiser`` | who has it in the name runs the campaign: finds and hands over, and seldom has to fix |

``unless_after`` and ``unless_before`` hold characters: right after (before) one of them the word is not meant (邮局, 局面).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal, get_args

from media_tracker.errors import N_, InvalidInput
from media_tracker.places.regions import rows_of

Use = Literal["ending", "head", "alone", "part", "part_before_and", "not_part", "before_place", "outlet", "organiser"]
USES: tuple[Use, ...] = get_args(Use)
_NEVER = re.compile(r"(?!)")


class UnitWords:
    """The table, ready to be searched with."""

    def __init__(self, rows: Iterable[dict[str, str]]) -> None:
        """``rows`` have ``word``, ``use`` and, if need be, ``unless_after`` and ``unless_before``.

        Raises ``InvalidInput`` for a row without a word or with a use that is none.
        """
        by_use: dict[str, dict[str, str]] = {use: {} for use in USES}
        for row in rows:
            word, use = row.get("word", ""), row.get("use", "")
            if not word or use not in by_use:
                raise InvalidInput(
                    N_("A row of unit words has no word, or a use that is none: {row}."), row=f"{word},{use}"
                )
            by_use[use][word] = _guarded(word, row.get("unless_after", ""), row.get("unless_before", ""))
        self.endings = _any_of(by_use["ending"])
        self.heads = _any_of(by_use["head"])
        self.alone = _any_of(by_use["alone"])
        self.outlets = _any_of(by_use["outlet"])
        self.organisers = _any_of(by_use["organiser"])
        self.and_within = _at_the_end(by_use["part_before_and"], "和")
        self.before_place = _at_the_end(by_use["before_place"])
        self.parts = frozenset(by_use["part"])
        self.not_parts = frozenset(by_use["not_part"])


def read_unit_words(directory: Path | None = None) -> UnitWords:
    """Read ``unit_words.csv`` from ``directory``, or the table that is shipped. Raises ``InvalidInput`` for a broken row."""
    source: Traversable = directory if directory is not None else resources.files(__package__) / "data"
    return UnitWords(rows_of(source / "unit_words.csv"))


@cache
def shipped_unit_words() -> UnitWords:
    """The table that is shipped, read once."""
    return read_unit_words()


def _guarded(word: str, unless_after: str, unless_before: str) -> str:
    before = f"(?<![{re.escape(unless_after)}])" if unless_after else ""
    after = f"(?![{re.escape(unless_before)}])" if unless_before else ""
    return before + re.escape(word) + after


def _any_of(patterns: dict[str, str]) -> re.Pattern[str]:
    """The longest of the words at each place."""
    ordered = sorted(patterns, key=lambda word: (-len(word), word))
    return re.compile("|".join(patterns[word] for word in ordered)) if ordered else _NEVER


def _at_the_end(patterns: dict[str, str], following: str = "") -> re.Pattern[str]:
    return re.compile(f"(?:{_any_of(patterns).pattern}){following}$") if patterns else _NEVER
