"""Subscriptions and reading, from the command line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from media_tracker.db.connection import Database
from media_tracker.outlets.documents import OutletKind, Platform
from media_tracker.outlets.opml import Subscription, read_opml, write_opml
from tests.cli.processes import CommandLine, ends, until
from tests.services.origin import Item, Origin

SUMMARY = {"feeds", "stories_new", "stories_changed", "not_modified", "failed", "seconds"}
STORIES = (Item("垃圾桶满溢一周", "北门三个垃圾桶满溢。"), Item("路灯修好了", "昨晚已经亮灯。"))
DOCTYPE = b'<?xml version="1.0"?><!DOCTYPE opml [<!ENTITY a "b">]><opml version="2.0"><body/></opml>'
EMPTY = b'<?xml version="1.0"?><opml version="2.0"><body><outline text="none"/></body></opml>'


def _subscriptions(origin: Origin) -> list[Subscription]:
    paper = Subscription(origin.url("/paper"), "样报", "样报", OutletKind.NEWSPAPER, True, platform=Platform.PAPER)
    app = replace(paper, url=origin.url("/app"), title="样报客户端", platform=Platform.APP, column="曝光台")
    return [app, paper]


@pytest.fixture
def opml(tmp_path: Path, origin: Origin) -> str:
    """A file with two feeds of one outlet, both of which the origin serves."""
    origin.publish("/paper", *STORIES, validators=True)
    origin.publish("/app", STORIES[0])
    path = tmp_path / "feeds.opml"
    path.write_bytes(write_opml("ours", _subscriptions(origin)))
    return str(path)


async def test_importing_twice_adds_nothing_the_second_time(cli: CommandLine, opml: str) -> None:
    first = await cli.done("feeds", "import", opml, "--json")
    second = await cli.done("feeds", "import", opml, "--json")

    assert first.json() == {"outlets_added": 1, "feeds_added": 2, "feeds_known": 0}
    assert second.json() == {"outlets_added": 0, "feeds_added": 0, "feeds_known": 2}


@pytest.mark.parametrize(
    ("document", "word"), [(DOCTYPE, "DOCTYPE"), (EMPTY, "xmlUrl"), (b"no XML", "well-formed")], ids=str
)
async def test_a_file_that_cannot_be_taken_is_refused_whole(
    cli: CommandLine, own_database: Database, tmp_path: Path, document: bytes, word: str
) -> None:
    path = tmp_path / "bad.opml"
    path.write_bytes(document)

    assert word in await cli.refused("feeds", "import", str(path))
    assert await own_database["feeds"].count_documents({}) == 0


async def test_a_file_that_is_not_there_is_a_wrong_call(cli: CommandLine) -> None:
    assert "missing.opml" in await cli.misused("feeds", "import", "missing.opml")


async def test_what_is_exported_is_what_was_imported(
    cli: CommandLine, opml: str, origin: Origin, tmp_path: Path
) -> None:
    await cli.done("feeds", "import", opml)
    printed = await cli.done("feeds", "export")
    await cli.done("feeds", "export", "out.opml")

    assert read_opml(printed.out.encode()) == _subscriptions(origin)
    assert (tmp_path / "out.opml").read_bytes() == printed.out.encode()


async def test_a_feed_on_loopback_is_only_checked_when_that_is_allowed(
    cli: CommandLine, reading: CommandLine, origin: Origin
) -> None:
    origin.publish("/paper", *STORIES)
    await cli.refused("feeds", "check", origin.url("/paper"))
    assert origin.sent == []

    checked = (await reading.done("feeds", "check", origin.url("/paper"), "--json")).json()
    assert checked["title"] == "报"
    assert [entry["title"] for entry in checked["entries"]] == [item.title for item in STORIES]
    assert "2 entries" in (await reading.done("feeds", "check", origin.url("/paper"))).out


async def test_reading_once_ends_with_one_object_and_again_brings_nothing_new(
    reading: CommandLine, opml: str, own_database: Database
) -> None:
    await reading.done("feeds", "import", opml)
    first = await reading.done("ingest", "--once", "--json")
    second = await reading.done("ingest", "--once", "--json")

    assert first.err == ""
    assert len(first.out.splitlines()) == 1
    summary = first.json()
    assert set(summary) == SUMMARY
    assert summary.pop("seconds") > 0
    assert summary == {"feeds": 2, "stories_new": 3, "stories_changed": 0, "not_modified": 0, "failed": 0}
    assert set(second.json()) == SUMMARY
    assert (second.json()["stories_new"], second.json()["not_modified"]) == (0, 2)
    assert await own_database["stories"].count_documents({}) == 3
    assert await own_database["stories"].count_documents({"suggestion": None}) == 0  # the pipeline has run


async def test_the_list_shows_how_reading_went(reading: CommandLine, opml: str, origin: Origin) -> None:
    await reading.done("feeds", "import", opml)
    del origin.answers["/app"]
    await reading("ingest", "--once", "--json")
    listed = await reading.done("feeds", "list", "--json")
    rows = {row["url"]: row for row in map(json.loads, listed.out.splitlines())}

    assert set(rows) == {origin.url("/app"), origin.url("/paper")}
    assert {row["outlet"] for row in rows.values()} == {"样报"}
    assert all(row["checked_at"] for row in rows.values())
    assert (rows[origin.url("/paper")]["failures"], rows[origin.url("/paper")]["error"]) == (0, None)
    assert rows[origin.url("/app")]["failures"] == 1
    assert "404" in rows[origin.url("/app")]["error"]
    assert (rows[origin.url("/app")]["health"], rows[origin.url("/paper")]["health"]) == ("stumbling", "well")
    assert rows[origin.url("/paper")]["next_check_at"] > rows[origin.url("/paper")]["checked_at"]
    shown = (await reading.done("feeds", "list")).out
    assert f"样报\t{origin.url('/paper')}\twell" in shown
    assert f"样报\t{origin.url('/app')}\tstumbling: " in shown


async def test_a_feed_that_fails_is_told_and_the_others_are_read(
    reading: CommandLine, opml: str, origin: Origin
) -> None:
    await reading.done("feeds", "import", opml)
    del origin.answers["/app"]
    ended = await reading("ingest", "--once", "--json")

    assert ended.code == 1
    assert (ended.json()["failed"], ended.json()["stories_new"]) == (1, 2)
    assert len(ended.sentences) == 1
    assert ended.sentences[0].startswith(f"{origin.url('/app')}: ")
    assert "404" in ended.sentences[0]


async def test_one_feed_may_be_read_alone(reading: CommandLine, opml: str, origin: Origin) -> None:
    await reading.done("feeds", "import", opml)
    summary = (await reading.done("ingest", "--once", "--json", origin.url("/paper"))).json()

    assert (summary["feeds"], summary["stories_new"]) == (1, 2)
    assert {path for path, _ in origin.sent} == {"/paper"}


async def test_a_feed_that_is_not_subscribed_to_is_not_read(reading: CommandLine, opml: str, origin: Origin) -> None:
    await reading.done("feeds", "import", opml)

    assert origin.url("/other") in await reading.refused("ingest", "--once", origin.url("/other"))
    assert origin.sent == []


async def test_reading_for_ever_is_the_workers_work(cli: CommandLine) -> None:
    assert "media-tracker worker" in await cli.refused("ingest")


async def test_the_worker_reads_what_is_due_and_ends_when_it_is_asked_to(
    reading: CommandLine, opml: str, own_database: Database, origin: Origin
) -> None:
    await reading.done("feeds", "import", opml)
    async with reading.running("worker") as worker:

        async def read() -> bool:
            return await own_database["stories"].count_documents({}) == 3

        await until(read)
        await ends(worker)
        assert worker.returncode == 0
    assert await own_database["feeds"].count_documents({"state.leased_by": {"$ne": None}}) == 0
    assert "Traceback" not in (reading.folder / "process.log").read_text("utf-8")


async def test_a_worker_that_is_stopped_while_it_reads_gives_its_feeds_back(
    reading: CommandLine, opml: str, own_database: Database, origin: Origin
) -> None:
    origin.answers = {path: replace(answer, silent=True) for path, answer in origin.answers.items()}
    await reading.done("feeds", "import", opml)
    leased = {"state.leased_by": {"$ne": None}}
    async with reading.running("worker") as worker:

        async def waiting() -> bool:
            return bool(origin.sent) and await own_database["feeds"].count_documents(leased) == 2

        await until(waiting)
        await ends(worker)
        assert worker.returncode == 0
    assert await own_database["feeds"].count_documents(leased) == 0
    assert await own_database["leases"].count_documents({}) == 0
    assert "Traceback" not in (reading.folder / "process.log").read_text("utf-8")
