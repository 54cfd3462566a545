"""The figures of tagging quality, from second looks and from what had been suggested before a decision. Pure.

Every figure is the length of a selection (``LookFilter``, ``CheckFilter``), so that its list is the same selection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bson import ObjectId

from media_tracker.desk.agreement import (
    Agreement,
    Confused,
    Share,
    agreement,
    confusion,
    labels_of,
    most_confused,
    one_against_rest,
    share_of,
)
from media_tracker.desk.second_look_rules import Look

AGREED_ON = ("kind", "top", "district")
"""What agreement is measured in: the kind, the class of the category, the district."""
SUGGESTED = ("kind", "category", "region", "outcome", "deed")
"""What suggestions are measured in."""
BANDS = ("sure", "likely", "unsure")
SURE_FROM, LIKELY_FROM = 0.9, 0.6
MOST_CONFUSED = 8
_WITH_CATEGORY = frozenset({"exposure", "follow_up"})


@dataclass(frozen=True, slots=True)
class LookFilter:
    """Which second looks are meant; "" and None mean all.

    ``first`` and ``second``: what each said. ``one`` and ``other``: what the two said, whoever said which. ``either``: what at
    least one of them said. ``month``: as ``2026-03``, of the second decision. ``by``: one of the two.
    """

    field: str = "kind"
    first: str | None = None
    second: str | None = None
    one: str | None = None
    other: str | None = None
    either: str | None = None
    equal: bool | None = None
    month: str = ""
    by: ObjectId | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """A second look as far as one field is concerned. "" is a value: no district of ours, no category."""

    look: Look
    first: str
    second: str
    month: str


@dataclass(frozen=True, slots=True)
class Check:
    """A decision, and what had been suggested: by field, the value and its score. ``rules`` are the suggestion's grounds."""

    story_id: ObjectId
    at: datetime
    by: ObjectId
    model: str
    rules: tuple[str, ...]
    suggested: Mapping[str, tuple[str, float]]
    decided: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CheckFilter:
    """Which suggestions are meant; "" and None mean all. ``rule`` is a ground as ``field/source/detail``."""

    field: str = "kind"
    value: str = ""
    rule: str = ""
    model: str = ""
    band: str = ""
    right: bool | None = None
    month: str = ""
    by: ObjectId | None = None


@dataclass(frozen=True, slots=True)
class Precision:
    """How often a suggestion was right, and which suggestions are meant."""

    name: str
    share: Share
    wanted: CheckFilter


@dataclass(frozen=True, slots=True)
class Line:
    """Agreement on one class, or in one month; ``equal`` and ``different`` are the lists behind it."""

    name: str
    found: Agreement
    equal: int
    different: int


@dataclass(frozen=True, slots=True)
class FieldReport:
    """Agreement in one field."""

    field: str
    found: Agreement
    classes: Sequence[Line]
    months: Sequence[Line]
    labels: Sequence[str]
    table: Mapping[tuple[str, str], int]
    confused: Sequence[Confused]


# -- second looks


def pairs_of(looks: Iterable[Look], field: str, zone: ZoneInfo) -> list[Pair]:
    """The looks in which ``field`` could be compared: categories only where both editors saw a problem or its follow-up."""
    found = []
    for look in looks:
        if look.second is None or look.done_at is None:
            continue
        first, second = look.first.said, look.second.said
        if field == "top" and not {first.kind, second.kind} <= _WITH_CATEGORY:
            continue
        month = f"{look.done_at.astimezone(zone):%Y-%m}"
        found.append(Pair(look, getattr(first, field) or "", getattr(second, field) or "", month))
    return found


def select(pairs: Iterable[Pair], wanted: LookFilter) -> list[Pair]:
    """Those of ``pairs`` (of the filter's field) that are meant."""
    return [each for each in pairs if _is_meant(each, wanted)]


def report_on(pairs: Sequence[Pair], field: str) -> FieldReport:
    """Agreement in ``field``, for each class against the rest, for each month, and what is taken for what."""
    said = [(each.first, each.second) for each in pairs]
    labels = labels_of(said)
    months: dict[str, list[Pair]] = {}
    for each in pairs:
        months.setdefault(each.month, []).append(each)
    return FieldReport(
        field=field,
        found=agreement(said),
        classes=[_class_line(pairs, said, label) for label in labels],
        months=[_line(month, [(p.first, p.second) for p in months[month]]) for month in sorted(months, reverse=True)],
        labels=labels,
        table=confusion(said),
        confused=most_confused(said, MOST_CONFUSED),
    )


def by_editor(pairs: Sequence[Pair], only: ObjectId | None) -> list[tuple[ObjectId, Line]]:
    """For each editor (or ``only`` one) and month: how far the others agree with them. Every look counts for both."""
    found: dict[tuple[ObjectId, str], list[tuple[str, str]]] = {}
    for each in pairs:
        assert each.look.second is not None  # or it would be no pair
        voices = ((each.look.first.by, each.first, each.second), (each.look.second.by, each.second, each.first))
        for who, own, others in voices:
            if only in (None, who):
                found.setdefault((who, each.month), []).append((own, others))
    ordered = sorted(found, key=lambda key: (str(key[0]), key[1]), reverse=True)
    return [(key[0], _line(key[1], found[key])) for key in ordered]


def _is_meant(each: Pair, wanted: LookFilter) -> bool:
    said = (each.first, each.second)
    mixed = wanted.one is None or wanted.other is None or sorted(said) == sorted((wanted.one, wanted.other))
    who = {each.look.first.by, each.look.second.by if each.look.second else None}
    return (
        mixed
        and wanted.first in (None, each.first)
        and wanted.second in (None, each.second)
        and (wanted.either is None or wanted.either in said)
        and (wanted.equal is None or wanted.equal is (each.first == each.second))
        and wanted.month in ("", each.month)
        and (wanted.by is None or wanted.by in who)
    )


def _line(name: str, said: Sequence[tuple[str, str]]) -> Line:
    found = agreement(said)
    return Line(name, found, found.equal, found.n - found.equal)


def _class_line(pairs: Sequence[Pair], said: Sequence[tuple[str, str]], label: str) -> Line:
    equal = len(select(pairs, LookFilter(either=label, equal=True)))
    different = len(select(pairs, LookFilter(either=label, equal=False)))
    return Line(label, one_against_rest(said, label), equal, different)


def looks_with(wanted: LookFilter, equal: bool) -> LookFilter:
    """The same looks as far as both said the same, or did not."""
    return replace(wanted, equal=equal)


# -- suggestions


def meant(checks: Iterable[Check], wanted: CheckFilter, zone: ZoneInfo) -> list[Check]:
    """Those of ``checks`` in which the filter's field was suggested as the filter says."""
    return [each for each in checks if _is_check_meant(each, wanted, zone)]


def precision(checks: Sequence[Check], wanted: CheckFilter, zone: ZoneInfo, name: str = "") -> Precision:
    """How often what was suggested is what was decided."""
    found = meant(checks, wanted, zone)
    right = sum(is_right(each, wanted.field) for each in found)
    return Precision(name, share_of(right, len(found)), wanted)


def by_value(checks: Sequence[Check], field: str) -> list[Precision]:
    """For each value that was suggested, the most frequent first."""
    return _grouped(
        checks, field, lambda each: (each.suggested[field][0],), lambda value: CheckFilter(field, value=value)
    )


def by_rule(checks: Sequence[Check], field: str) -> list[Precision]:
    """For each ground that spoke for ``field``, the most frequent first; a suggestion with several counts for each."""
    start = f"{field}/"
    return _grouped(
        checks,
        field,
        lambda each: tuple(rule for rule in each.rules if rule.startswith(start)),
        lambda rule: CheckFilter(field, rule=rule),
    )


def by_model(checks: Sequence[Check], field: str) -> list[Precision]:
    """For each version of model and rules, the most frequent first."""
    return _grouped(checks, field, lambda each: (each.model,), lambda model: CheckFilter(field, model=model))


def by_band(checks: Sequence[Check], field: str) -> list[Precision]:
    """For what the machine was sure, less sure and unsure of."""
    found = _grouped(
        checks, field, lambda each: (band(each.suggested[field][1]),), lambda value: CheckFilter(field, band=value)
    )
    return sorted(found, key=lambda each: BANDS.index(each.name))


def by_check_editor(checks: Sequence[Check], field: str, zone: ZoneInfo, only: ObjectId | None) -> list[Precision]:
    """For each editor (or ``only`` one) and month: how often they left ``field`` as it was suggested."""
    counts: Counter[tuple[ObjectId, str]] = Counter()
    right: Counter[tuple[ObjectId, str]] = Counter()
    for each in checks:
        if field in each.suggested and only in (None, each.by):
            key = (each.by, month_of(each.at, zone))
            counts[key] += 1
            right[key] += is_right(each, field)
    ordered = sorted(counts, key=lambda key: (str(key[0]), key[1]), reverse=True)
    return [
        Precision(month, share_of(right[who, month], counts[who, month]), CheckFilter(field, month=month, by=who))
        for who, month in ordered
    ]


def band(score: float) -> str:
    """What a score is called."""
    if score >= SURE_FROM:
        return "sure"
    return "likely" if score >= LIKELY_FROM else "unsure"


def month_of(moment: datetime, zone: ZoneInfo) -> str:
    """The local month."""
    return f"{moment.astimezone(zone):%Y-%m}"


def is_right(check: Check, field: str) -> bool:
    """Whether the editor decided what had been suggested."""
    return check.suggested[field][0] == check.decided.get(field, "")


def rights(wanted: CheckFilter, right: bool) -> CheckFilter:
    """The same suggestions as far as they were right, or wrong."""
    return replace(wanted, right=right)


def _grouped(
    checks: Sequence[Check],
    field: str,
    keys: Callable[[Check], Iterable[str]],
    wanted: Callable[[str], CheckFilter],
) -> list[Precision]:
    counts: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for each in checks:
        if field in each.suggested:
            for key in set(keys(each)):
                counts[key] += 1
                right[key] += is_right(each, field)
    ordered = sorted(counts, key=lambda key: (-counts[key], key))
    return [Precision(key, share_of(right[key], counts[key]), wanted(key)) for key in ordered]


def _is_check_meant(each: Check, wanted: CheckFilter, zone: ZoneInfo) -> bool:
    if wanted.field not in each.suggested:
        return False
    value, score = each.suggested[wanted.field]
    return (
        wanted.value in ("", value)
        and (not wanted.rule or wanted.rule in each.rules)
        and wanted.model in ("", each.model)
        and wanted.band in ("", band(score))
        and (wanted.right is None or wanted.right is is_right(each, wanted.field))
        and (not wanted.month or wanted.month == month_of(each.at, zone))
        and wanted.by in (None, each.by)
    )
