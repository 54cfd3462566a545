"""Figures of quality as rows of tables, every number with the address of its list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bson import ObjectId

from media_tracker.desk import quality_report as report
from media_tracker.desk.agreement import Agreement
from media_tracker.desk.quality import Seen
from media_tracker.desk.quality_report import CheckFilter, LookFilter, Pair, Precision
from media_tracker.errors import N_
from media_tracker.web.desk.quality_words import FIELD_NAMES, Period, QualityWords


@dataclass(frozen=True, slots=True)
class Count:
    """A number that opens its list."""

    value: int
    href: str


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """Agreement on one thing. ``kappa`` and ``interval`` are texts; ``note`` says why there is none."""

    name: str
    equal: Count
    different: Count
    n: int
    observed: float | None
    kappa: str
    interval: str
    note: str


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field: all together, by class, by month, what is taken for what, and the pairs that are confused most."""

    name: str
    """Untranslated."""
    whole: AgreementRow
    classes: Sequence[AgreementRow]
    months: Sequence[AgreementRow]
    labels: Sequence[str]
    table: Sequence[Sequence[Count]]
    """A row for each label of the first editor, a column for each of the second."""
    confused: Sequence[tuple[str, str, Count]]


@dataclass(frozen=True, slots=True)
class PrecisionRow:
    """How often a suggestion was right."""

    name: str
    right: Count
    wrong: Count
    n: int
    share: str
    interval: str


@dataclass(frozen=True, slots=True)
class PrecisionTable:
    """Suggestions by one thing. ``left_out``: rows that the page has no room for."""

    title: str
    head: str
    """Both untranslated."""
    rows: Sequence[PrecisionRow]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class EditorRow:
    """One editor in one month: agreement with the others, and how often a suggested kind was kept."""

    who: str
    month: str
    agreement: AgreementRow | None
    kept: PrecisionRow | None


@dataclass(frozen=True, slots=True)
class QualityView:
    """Turns figures into rows with links."""

    seen: Seen
    words: QualityWords
    zone: ZoneInfo
    looks: Period
    checks: Period
    most: int | None

    def field(self, name: str) -> FieldView:
        pairs = report.pairs_of(self.seen.looks, name, self.zone)
        told = report.report_on(pairs, name)
        said = {label: self.words.value(name, label) for label in told.labels}
        return FieldView(
            name=FIELD_NAMES[name],
            whole=self._line("", report.Line("", told.found, *_both(told.found)), LookFilter(name)),
            classes=[self._line(said[each.name], each, LookFilter(name, either=each.name)) for each in told.classes],
            months=[
                self._line(self._month(each.name), each, LookFilter(name, month=each.name)) for each in told.months
            ],
            labels=[said[label] for label in told.labels],
            table=[
                [
                    self._count(told.table.get((one, other), 0), LookFilter(name, first=one, second=other))
                    for other in told.labels
                ]
                for one in told.labels
            ],
            confused=[
                (
                    said[each.one],
                    said[each.other],
                    self._count(each.count, LookFilter(name, one=each.one, other=each.other)),
                )
                for each in told.confused
            ],
        )

    def tables(self) -> list[PrecisionTable]:
        """Precision by field; of kinds and categories by value, by what spoke for them, by sureness and by version."""
        checks, made = self.seen.checks, []
        whole = [
            report.precision(checks, CheckFilter(name), self.zone, self.words.names.gettext(FIELD_NAMES[name]))
            for name in report.SUGGESTED
        ]
        made.append(self._table(N_("Suggestions, by field"), N_("Field"), whole, lambda name: name))
        for name, by_value, by_rule, by_band, by_model in _TABLES:
            value = _saying(self.words, name)
            made += [
                self._table(by_value, FIELD_NAMES[name], report.by_value(checks, name), value),
                self._table(by_rule, N_("What spoke for it"), report.by_rule(checks, name), self.words.rule),
                self._table(by_band, N_("How sure it was"), report.by_band(checks, name), self.words.band),
                self._table(
                    by_model, N_("Version of model and rules"), report.by_model(checks, name), lambda name: name
                ),
            ]
        return [table for table in made if table.rows]

    def editors(self, people: Mapping[ObjectId, str], only: ObjectId | None) -> list[EditorRow]:
        """Agreement with the others, and kinds kept as suggested, by editor and month."""
        pairs: list[Pair] = report.pairs_of(self.seen.looks, "kind", self.zone)
        agreed = {
            (who, line.name): self._line("", line, LookFilter("kind", month=line.name, by=who))
            for who, line in report.by_editor(pairs, only)
        }
        kept = {
            (each.wanted.by, each.wanted.month): self._precision(each, each.name)
            for each in report.by_check_editor(self.seen.checks, "kind", self.zone, only)
        }
        keys = sorted({*agreed, *kept}, key=lambda key: (people.get(key[0], "") if key[0] else "", key[1]))
        return [
            EditorRow(
                people.get(who, "") if who else "",
                self._month(month),
                agreed.get((who, month)) if who else None,
                kept.get((who, month)),
            )
            for who, month in keys
        ]

    def _table(self, title: str, head: str, rows: Sequence[Precision], name: Callable[[str], str]) -> PrecisionTable:
        shown = [self._precision(each, name(each.name)) for each in rows if each.share.n]
        most = len(shown) if self.most is None else self.most
        return PrecisionTable(title, head, shown[:most], max(0, len(shown) - most))

    def _precision(self, each: Precision, name: str) -> PrecisionRow:
        right, share = each.share.right, each.share
        return PrecisionRow(
            name=name,
            right=Count(right, self.checks.checks(report.rights(each.wanted, True))),
            wrong=Count(share.n - right, self.checks.checks(report.rights(each.wanted, False))),
            n=share.n,
            share=self.words.share(share),
            interval=self.words.share_interval(share),
        )

    def _line(self, name: str, line: report.Line, wanted: LookFilter) -> AgreementRow:
        return AgreementRow(
            name=name,
            equal=self._count(line.equal, report.looks_with(wanted, True)),
            different=self._count(line.different, report.looks_with(wanted, False)),
            n=line.found.n,
            observed=line.found.observed,
            kappa=self.words.kappa(line.found),
            interval=self.words.interval(line.found),
            note=self.words.why(line.found),
        )

    def _count(self, value: int, wanted: LookFilter) -> Count:
        return Count(value, self.looks.looks(wanted))

    def _month(self, month: str) -> str:
        return self.words.names.month(month)


_TABLES = (
    (
        "kind",
        N_("Suggested kinds"),
        N_("Suggested kinds, by what spoke for them"),
        N_("Suggested kinds, by sureness"),
        N_("Suggested kinds, by version"),
    ),
    (
        "category",
        N_("Suggested categories"),
        N_("Suggested categories, by what spoke for them"),
        N_("Suggested categories, by sureness"),
        N_("Suggested categories, by version"),
    ),
)


def _saying(words: QualityWords, field: str) -> Callable[[str], str]:
    return lambda value: words.value(field, value)


def _both(found: Agreement) -> tuple[int, int]:
    return found.equal, found.n - found.equal
