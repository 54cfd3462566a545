"""What an editor would say of each sample story (``feeds/captures/labels.jsonl``), tied to the stories as they were taken in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from media_tracker.demo.captures import load_captures
from media_tracker.ingest.documents import Kind
from media_tracker.ingest.identity import duplicated_guids, identity_key
from media_tracker.ingest.parse import parse_feed
from media_tracker.places.regions import RegionTree


@dataclass(frozen=True, slots=True)
class Label:
    """One story's labels. ``feed`` is the capture's file name without its ending, ``key`` the story's identity in the feed."""

    feed: str
    key: str
    kind: Kind
    category: str | None
    region: str | None
    place: str
    units: tuple[str, ...]
    people: tuple[str, ...]
    problem: str | None
    deed: str | None
    outcome: str | None


def read_labels(
    folder: Path, today: date, now: datetime, zone: ZoneInfo, tree: RegionTree
) -> dict[tuple[str, str], Label]:
    """Labels by (feed, key)."""
    keys = _keys(folder, today, now, zone)
    names = _names(tree)
    found: dict[tuple[str, str], Label] = {}
    for line in (folder / "labels.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        key = keys[row["feed"], row["guid"]]
        found[row["feed"], key] = Label(
            feed=row["feed"],
            key=key,
            kind=Kind(row["kind"]),
            category=row["category"],
            region=_region(row["region"] or {}, names),
            place=row["place"] or "",
            units=tuple(row["units"]),
            people=tuple(row["people"]),
            problem=row["problem"],
            deed=row["deed"],
            outcome=row["outcome"],
        )
    return found


def _keys(folder: Path, today: date, now: datetime, zone: ZoneInfo) -> dict[tuple[str, str], str]:
    """The identity that ingesting gives each entry, by feed and guid."""
    keys: dict[tuple[str, str], str] = {}
    for slug, capture in load_captures(folder, today, zone).items():
        url = f"http://127.0.0.1/{capture.filename}"
        parsed = parse_feed(capture.body, content_type=capture.content_type, url=url, zone=zone, now=now)
        repeated = duplicated_guids(parsed.entries)
        for entry in parsed.entries:
            keys[slug, entry.guid or entry.link or ""] = identity_key(entry, repeated)
    return keys


def _names(tree: RegionTree) -> Mapping[tuple[str, str], str]:
    """Codes by names: (district, subdistrict), and (district, "")."""
    names: dict[tuple[str, str], str] = {}
    for region in tree:
        if region.level not in ("district", "subdistrict"):
            continue
        counted = tree.district_for_counting(region.code)
        district = tree[counted].name if counted else ""
        below = "" if region.level == "district" else region.name
        for name in (below, *(region.aliases if below else ())):
            names.setdefault((district, name), region.code)
    return names


def _region(named: Mapping[str, str | None], names: Mapping[tuple[str, str], str]) -> str | None:
    district, below = named.get("district") or "", named.get("subdistrict") or ""
    return names.get((district, below)) or names.get((district, ""))
