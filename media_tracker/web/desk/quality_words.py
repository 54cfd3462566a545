"""Figures of quality in words: what is compared, what spoke for a suggestion, κ with its interval, and why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from bson import ObjectId

from media_tracker.desk.agreement import Agreement, Share, Why
from media_tracker.desk.quality_report import CheckFilter, LookFilter
from media_tracker.errors import N_
from media_tracker.ingest.documents import Kind
from media_tracker.tagging.office_rules import COLUMN, CUE, DEFAULT, LEARNED, NAME, PATTERN
from media_tracker.web.naming import Names
from media_tracker.web.stories.view import DEEDS, KINDS, OUTCOMES

PATH = "/desk/quality"
NOTHING_SAID = "-"
"""How the value "" (no category, no district of ours) is written in an address."""
FIELD_NAMES: Mapping[str, str] = {
    "kind": N_("Kind"),
    "top": N_("Class of the category"),
    "category": N_("Category"),
    "district": N_("District"),
    "region": N_("Region"),
    "outcome": N_("Reported outcome"),
    "deed": N_("Kind of deed"),
}
BAND_NAMES: Mapping[str, str] = {"sure": N_("sure"), "likely": N_("likely"), "unsure": N_("unsure")}
WHY: Mapping[Why, str] = {
    Why.NOTHING: N_("no story has been looked at twice"),
    Why.ONE_CLASS: N_("both always said the same one: chance alone would explain it"),
    Why.FEW: N_("fewer than 30 stories: a rough interval"),
    Why.PERFECT: N_("no difference so far: the formula gives no interval"),
}
SOURCES: Mapping[str, str] = {
    LEARNED: N_("wording that was learnt"),
    CUE: N_("word “{detail}”"),
    COLUMN: N_("word “{detail}” in the column"),
    PATTERN: N_("a pattern of words"),
    NAME: N_("a name of a place"),
    DEFAULT: N_("default “{detail}”"),
}


@dataclass(frozen=True, slots=True)
class QualityWords:
    """Says values and figures in the language of the page."""

    names: Names

    def value(self, field: str, value: str) -> str:
        """One value of ``field``; "" is none."""
        if not value:
            return self.names.gettext(N_("none"))
        if field == "kind" and value in set(Kind):
            return self.names.gettext(KINDS[Kind(value)])
        if field in ("top", "category"):
            return self.names.category(value)
        if field in ("district", "region"):
            return self.names.region(value)
        known = {"outcome": OUTCOMES, "deed": DEEDS}.get(field, {})
        return self.names.gettext(known[value]) if value in known else value

    def rule(self, ground: str) -> str:
        """What spoke for a suggestion."""
        _, _, rest = ground.partition("/")
        source, _, detail = rest.partition("/")
        if source not in SOURCES:
            return ground
        return self.names.pages.catalogue.translate(SOURCES[source], None, detail=detail.strip(","))

    def band(self, band: str) -> str:
        """How sure the machine was."""
        return self.names.gettext(BAND_NAMES.get(band, band))

    def why(self, found: Agreement) -> str:
        """Why there is no κ, or no interval."""
        return self.names.gettext(WHY[found.why]) if found.why else ""

    def kappa(self, found: Agreement) -> str:
        """κ, to two places."""
        return "—" if found.kappa is None else f"{found.kappa:.2f}".replace("-", "−")

    def interval(self, found: Agreement) -> str:
        """Its interval."""
        if found.low is None or found.high is None:
            return ""
        return f"{found.low:.2f} – {found.high:.2f}".replace("-", "−")

    def share(self, share: Share) -> str:
        """A share as a percentage."""
        return "—" if share.share is None else f"{share.share:.1%}"

    def share_interval(self, share: Share) -> str:
        """Its interval."""
        return "" if share.low is None or share.high is None else f"{share.low:.0%} – {share.high:.0%}"


@dataclass(frozen=True, slots=True)
class Period:
    """What is counted: from ``since`` to before ``until``. Lists are asked for with exactly this."""

    since: datetime
    until: datetime

    def looks(self, wanted: LookFilter) -> str:
        """The address of the second looks that are meant."""
        return f"{PATH}/looks?{urlencode(self._with(_look_query(wanted)))}"

    def checks(self, wanted: CheckFilter) -> str:
        """The address of the suggestions that are meant."""
        return f"{PATH}/suggestions?{urlencode(self._with(_check_query(wanted)))}"

    def _with(self, query: Mapping[str, str]) -> dict[str, str]:
        return {"since": self.since.isoformat(), "until": self.until.isoformat(), **query}


def _look_query(wanted: LookFilter) -> dict[str, str]:
    said = {name: getattr(wanted, name) for name in ("first", "second", "one", "other", "either")}
    query = {
        "field": wanted.field,
        **{name: value or NOTHING_SAID for name, value in said.items() if value is not None},
    }
    if wanted.equal is not None:
        query["equal"] = "1" if wanted.equal else "0"
    return _with_who(query, wanted.month, wanted.by)


def _check_query(wanted: CheckFilter) -> dict[str, str]:
    named = {name: getattr(wanted, name) for name in ("value", "rule", "model", "band")}
    query = {"field": wanted.field, **{name: value for name, value in named.items() if value}}
    if wanted.right is not None:
        query["right"] = "1" if wanted.right else "0"
    return _with_who(query, wanted.month, wanted.by)


def _with_who(query: dict[str, str], month: str, by: ObjectId | None) -> dict[str, str]:
    return {**query, **({"month": month} if month else {}), **({"by": str(by)} if by else {})}
