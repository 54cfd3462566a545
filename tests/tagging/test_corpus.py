"""The invented stories that the first model is trained from: well formed, told once, and about nobody real."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import pytest

import media_tracker
from media_tracker.tagging.clusters import Grouped, group
from media_tracker.tagging.evidence import Kind, Outcome
from media_tracker.text.fingerprint import fingerprint

PACKAGE = Path(media_tracker.__file__).parent
FILES = sorted((PACKAGE / "tagging/data/stories").glob("*.jsonl"))
FIELDS = {"id", "title", "body", "published_at", "outlet", "column", "kind", "category", "outcome", "deed"} | {
    "region",
    "place",
    "units",
    "people",
}
DEEDS = {"bravery", "kindness", "honesty", "dedication", "family"}
REAL_OUTLETS = re.compile(
    "大众日报|大众网|经济导报|鲁中晨报|齐鲁晚报|山东商报|淄博日报|淄博晚报|掌中淄博|淄博市广播电视台|天桥融媒|活力天桥"
    "|海报新闻|新华社|新华网|人民日报|人民网|央视"
)

pytestmark = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def _stories(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _regions() -> list[dict[str, str]]:
    with (PACKAGE / "places/data/regions.csv").open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def _codes() -> set[str]:
    with (PACKAGE / "taxonomy/data/categories.csv").open(encoding="utf-8", newline="") as table:
        return {row["code"] for row in csv.DictReader(table) if row["parent"]}


def _text(story: dict[str, Any]) -> str:
    return f"{story['title']}\n{story['body']}"


def test_every_story_has_the_fields_and_known_labels(path: Path) -> None:
    codes, wrong = _codes(), []
    for story in _stories(path):
        problem = story["kind"] in ("exposure", "follow_up")
        right = (
            set(story) == FIELDS
            and story["kind"] in get_args(Kind)
            and (story["category"] in codes if problem else story["category"] is None)
            and (story["outcome"] in get_args(Outcome)) == (story["kind"] == "follow_up")
            and (story["deed"] in DEEDS) == (story["kind"] == "good_deed")
            and datetime.fromisoformat(story["published_at"]).utcoffset() is not None
            and 40 <= len(story["body"]) <= 800
            and story["title"] == story["title"].strip() != ""
        )
        wrong += [] if right else [story["id"]]
    assert wrong == []


def test_ids_and_titles_are_unique_across_the_files(path: Path) -> None:
    everywhere = [story for each in FILES for story in _stories(each)]
    ids = Counter(story["id"] for story in everywhere)
    titles = Counter(story["title"] for story in everywhere)

    assert [each["id"] for each in _stories(path) if ids[each["id"]] > 1 or titles[each["title"]] > 1] == []


def test_no_story_repeats_another_one(path: Path) -> None:
    stories = [story for each in FILES for story in _stories(each)]
    grouped = [Grouped(story["id"], None, story["body"], fingerprint(story["body"]).keys, None) for story in stories]
    clusters = group(grouped, [])

    assert {
        story["id"]: clusters[story["id"]] for story in _stories(path) if clusters[story["id"]] != story["id"]
    } == {}


def test_places_units_and_people_stand_in_the_story(path: Path) -> None:
    missing = [
        (story["id"], said)
        for story in _stories(path)
        for said in (story["place"], *story["units"], *story["people"])
        if said is not None and (not said or said not in _text(story))
    ]
    assert missing == []


def test_districts_and_subdistricts_are_real_ones(path: Path) -> None:
    regions = _regions()
    names = {row["code"]: row["name"] for row in regions}
    districts = {row["name"] for row in regions if row["level"] == "district"}
    under = {(names[row["parent"]], row["name"]) for row in regions if row["level"] == "subdistrict"}
    wrong = []
    for story in _stories(path):
        region = story["region"]
        district, subdistrict = region["district"], region["subdistrict"]
        right = set(region) == {"district", "subdistrict", "community"} and (
            (district is None or district in districts) and (subdistrict is None or (district, subdistrict) in under)
        )
        wrong += [] if right else [(story["id"], district, subdistrict)]
    assert wrong == []


def test_no_community_is_a_real_one(path: Path) -> None:
    real = {row["name"] for row in _regions() if row["level"] == "community" and len(row["name"]) > 2}
    named = re.compile("|".join(sorted(map(re.escape, real), key=len, reverse=True)))
    found = [(story["id"], match[0]) for story in _stories(path) if (match := named.search(_text(story)))]
    assert found == []


def test_no_outlet_is_a_real_one(path: Path) -> None:
    found = [
        (story["id"], match[0])
        for story in _stories(path)
        if (match := REAL_OUTLETS.search(f"{story['outlet']}\n{_text(story)}"))
    ]
    assert found == []
