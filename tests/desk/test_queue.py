"""The queue: who has what open, what was put off, what is folded and filtered, and that all of it walks indexes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.accounts.actor import Actor, Role
from media_tracker.accounts.duties import Duties
from media_tracker.desk.around import read_around
from media_tracker.desk.filters import Band, Order, QueueFilter, Which, read_filter
from media_tracker.desk.queue_counts import Total, count
from media_tracker.desk.service import Decision
from media_tracker.desk.snoozing import Until, moment_of
from media_tracker.errors import Conflict, Forbidden, InvalidInput
from media_tracker.ingest.documents import DeskState, Kind, Story
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.services.scene import Scene, actor
from tests.web.desk_scene import suggestion

ZONE = ZoneInfo("Asia/Shanghai")
KINDS = list(Kind)
DISTRICTS = ("370302", "370303", "370304")


async def put_many(services: Services, number: int, *, outlets: Sequence[ObjectId], every: int = 7) -> list[ObjectId]:
    """That many stories, some of them decided; each ``every``-th is a reprint of the one before it."""
    now = services.clock()
    rows: list[dict[str, Any]] = []
    for at in range(number):
        kind = KINDS[at % len(KINDS)]
        found = suggestion("题", "文", kind).model_copy(update={"kind_score": round((at * 37 % 100) / 100, 2)})
        story = Story(
            id=ObjectId(),
            outlet_id=outlets[at % len(outlets)],
            feed_id=outlets[0],
            key=f"many-{at}",
            title=f"第{at}号",
            published_at=now - timedelta(minutes=at),
            fetched_at=now,
            content_hash="h1",
            column=("曝光台", "身边好人")[at % 2],
            district=DISTRICTS[at % len(DISTRICTS)],
            suggestion=found,
            desk=DeskState.DECIDED if at % 4 == 3 else DeskState.PENDING,
        )
        row = {**story.model_dump(by_alias=True, exclude={"id", "revision_id"}), "_id": story.id, "cluster": story.id}
        if every and at % every == 1:
            row |= {"cluster": rows[-1]["_id"], "copied": True}
            rows[-1]["copied"] = True
        rows.append(row)
    await services.database["stories"].insert_many(rows)
    return [row["_id"] for row in rows]


async def titles(services: Services, wanted: QueueFilter, who: Actor, size: int = 30) -> list[str]:
    """Every line, page by page."""
    found: list[str] = []
    after: str | None = None
    for _ in range(200):
        page = await services.queue.page(wanted, who, after, size)
        found += [line.story.title for line in page.lines]
        after = page.next
        if after is None:
            return found
    raise AssertionError("the list has no end")


# Claims


async def test_of_two_who_open_a_story_one_has_it_and_the_other_sees_who(scene: Scene) -> None:
    story, other = await scene.story(), actor(Role.EDITOR)
    key, claims = ObjectId(story.id), scene.services.story_claims
    held = await asyncio.gather(*(claims.take(key, who) for who in (scene.editor, other) * 5))

    assert len({each.by for each in held}) == 1
    holder, late = (scene.editor, other) if held[0].by == scene.editor.user_id else (other, scene.editor)
    assert (await claims.held([key]))[key].by == holder.user_id
    with pytest.raises(Conflict, match="has this story open"):
        await scene.services.desk.decide(str(key), 1, Decision(Kind.NOTICE), late, scene.who(late))
    assert (await scene.fresh(story)).version == 1
    await scene.services.desk.decide(str(key), 1, Decision(Kind.NOTICE), holder, scene.who(holder))
    assert await claims.held([key]) == {}


async def test_a_claim_is_renewed_while_a_story_is_open_and_ends_five_minutes_later(scene: Scene) -> None:
    story, other = await scene.story(), actor(Role.EDITOR)
    key, claims = ObjectId(story.id), scene.services.story_claims
    first = await claims.take(key, scene.editor)
    scene.clock.advance(minutes=4)
    renewed = await claims.take(key, scene.editor)
    assert (renewed.since, renewed.until) == (first.since, scene.clock.now + timedelta(minutes=5))
    scene.clock.advance(minutes=4)
    assert (await claims.take(key, other)).by == scene.editor.user_id

    scene.clock.advance(minutes=1)
    assert await claims.held([key]) == {}
    taken = await claims.take(key, other)
    assert (taken.by, taken.since) == (other.user_id, scene.clock.now)
    await claims.release(key, scene.editor)
    assert (await claims.held([key]))[key].by == other.user_id
    await claims.take(ObjectId(), other)
    assert await claims.held([key]) == {}, "who takes another story lets go of the first"


async def test_only_an_admin_takes_a_story_away_and_that_is_written_down(scene: Scene) -> None:
    story, admin = await scene.story(), actor(Role.ADMIN, Role.EDITOR)
    key, claims = ObjectId(story.id), scene.services.story_claims
    duties = Duties(frozenset({Role.EDITOR}))
    added = await scene.services.accounts.add_user("anna", "Anna Berg", duties, password="correct horse battery")
    user = added.user
    await claims.take(key, user.actor())

    with pytest.raises(Conflict, match="Anna Berg has this story open"):
        await scene.decide(story, Kind.NOTICE)
    with pytest.raises(Forbidden):
        await claims.take_away(key, scene.editor, scene.who(scene.editor))
    await claims.take_away(key, admin, scene.who(admin))
    assert (await scene.decide(story, Kind.NOTICE)).decision is not None
    entry = (await scene.services.audit.latest(1))[0]
    assert (entry.action, entry.actor, entry.subject) == ("claim_broken", admin.user_id, user.object_id)


async def test_two_editors_who_accept_at_the_same_instant_never_both_win(scene: Scene) -> None:
    for _ in range(50):
        story = await scene.story()
        editors = [actor(Role.EDITOR), actor(Role.EDITOR)]

        async def press(who: Actor, story: Story = story) -> bool:
            await scene.services.story_claims.take(ObjectId(story.id), who)
            try:
                await scene.services.desk.decide(
                    str(story.id), story.version, Decision(Kind.NOTICE), who, scene.who(who)
                )
            except Conflict:
                return False
            return True

        won = await asyncio.gather(*(press(who) for who in editors))
        assert sorted(won) == [False, True]
        decided = (await scene.fresh(story)).decision
        assert decided is not None
        assert decided.by == editors[won.index(True)].user_id


async def test_next_passes_over_what_others_have_open(scene: Scene) -> None:
    first, second, third = [await scene.story() for _ in range(3)]
    queue, claims = scene.services.queue, scene.services.story_claims
    other = actor(Role.EDITOR)
    await claims.take(ObjectId(second.id), other)

    async def follows(story: Story | None) -> ObjectId | None:
        found = await queue.next(QueueFilter(), scene.editor, story)
        return ObjectId(found.id) if found else None

    assert await follows(None) == first.id
    assert await follows(first) == third.id
    assert await follows(third) == first.id, "at the end it begins again"
    page = await queue.page(QueueFilter(), scene.editor)
    assert [line.held.by if line.held else None for line in page.lines] == [None, other.user_id, None]


# Snoozing


async def test_a_story_that_was_put_off_is_out_of_the_queue_and_comes_back_by_itself(scene: Scene) -> None:
    story = await scene.story()
    who, snoozing = scene.who(scene.editor), scene.services.snoozing
    until = scene.clock.now + timedelta(hours=2)
    put_off = await snoozing.snooze(str(story.id), 1, until, " 等  回电 ", scene.editor, who)

    assert put_off.snooze is not None
    assert (put_off.desk, put_off.snooze.note, put_off.snooze.by) == ("snoozed", "等 回电", scene.editor.user_id)
    assert await titles(scene.services, QueueFilter(), scene.editor) == []
    assert await titles(scene.services, QueueFilter(which=Which.SNOOZED), scene.editor) == [story.title]
    scene.clock.advance(hours=1, minutes=59)
    assert await snoozing.wake_due() == 0
    scene.clock.advance(minutes=1)
    assert sum(await asyncio.gather(*(snoozing.wake_due() for _ in range(4)))) == 1
    assert await titles(scene.services, QueueFilter(), scene.editor) == [story.title]
    events = [event.type for event in await scene.services.log.of("story", ObjectId(story.id))]
    assert events == ["ingested", "snoozed", "woken"]


async def test_a_story_is_put_off_only_while_it_waits_and_to_a_time_to_come(scene: Scene) -> None:
    story = await scene.exposure()
    who, snoozing = scene.who(scene.editor), scene.services.snoozing
    for until in (scene.clock.now, scene.clock.now + timedelta(days=400)):
        with pytest.raises(InvalidInput):
            await snoozing.snooze(str(story.id), story.version, until, "", scene.editor, who)
    put_off = await snoozing.snooze(
        str(story.id), story.version, scene.clock.now + timedelta(days=1), "", scene.editor, who
    )
    problem = await scene.expose(put_off)  # who works on it all the same has not put it off any longer
    tied = await scene.fresh(story)
    assert (tied.desk, tied.snooze, problem.case.exposures[0].story_id) == (DeskState.DECIDED, None, story.id)
    until = scene.clock.now + timedelta(days=1)
    with pytest.raises(Conflict, match="waits for an editor"):
        await snoozing.snooze(str(story.id), tied.version, until, "", scene.editor, who)


@pytest.mark.parametrize(
    ("until", "now", "expected"),
    [
        (Until.AFTERNOON, "2026-03-04 09:10", "2026-03-04 14:00"),
        (Until.AFTERNOON, "2026-03-04 13:40", "2026-03-04 16:40"),
        (Until.TOMORROW, "2026-03-04 23:50", "2026-03-05 08:30"),
        (Until.MONDAY, "2026-03-04 09:10", "2026-03-09 08:30"),
        (Until.MONDAY, "2026-03-09 00:10", "2026-03-16 08:30"),
    ],
)
def test_times_that_are_one_click_away_are_local_ones(until: Until, now: str, expected: str) -> None:
    moment = moment_of(until, datetime.fromisoformat(now).replace(tzinfo=ZONE).astimezone(UTC), ZONE)
    assert moment == datetime.fromisoformat(expected).replace(tzinfo=ZONE)


# Filters and folding

FILTERS = st.builds(
    QueueFilter,
    which=st.sampled_from(Which),
    order=st.sampled_from(Order),
    outlet_id=st.none() | st.binary(min_size=12, max_size=12).map(ObjectId),
    column=st.text(max_size=20).map(str.strip),
    kind=st.none() | st.sampled_from(Kind),
    band=st.none() | st.sampled_from(Band),
    district=st.sampled_from(["", "370303"]),
    days=st.none() | st.integers(1, 3_000),
    copied=st.booleans(),
)


@given(FILTERS)
def test_an_address_says_a_filter_and_reads_it_back(wanted: QueueFilter) -> None:
    assert read_filter(dict(parse_qsl(wanted.query_string(), keep_blank_values=True))) == wanted


@given(st.dictionaries(st.sampled_from(["queue", "order", "outlet", "kind", "band", "days"]), st.text(max_size=8)))
def test_nonsense_in_an_address_is_left_out(given_values: dict[str, str]) -> None:
    wanted = read_filter(given_values)
    assert read_filter(dict(parse_qsl(wanted.query_string()))) == wanted


async def test_every_story_that_waits_is_in_the_list_once_whatever_the_order_and_the_page(
    services: Services, clock: FakeClock
) -> None:
    outlets = [ObjectId(), ObjectId()]
    await put_many(services, 90, outlets=outlets)
    who = actor(Role.EDITOR)
    rows = [row async for row in services.database["stories"].find({"desk": "pending"})]

    def lines(chosen: list[dict[str, Any]], wanted: QueueFilter) -> list[str]:
        """The slow way: sort, then leave out whose text has been seen."""
        score = wanted.order in (Order.SUREST, Order.LEAST_SURE)
        down = wanted.order in (Order.NEWEST, Order.SUREST)
        key = (
            (lambda row: (row["suggestion"]["kind_score"], row["_id"]))
            if score
            else (lambda row: (row["published_at"], row["_id"]))
        )
        seen: set[ObjectId] = set()
        found = []
        for row in sorted(chosen, key=key, reverse=down):
            if row["cluster"] not in seen:
                found.append(row["title"])
            seen.add(row["cluster"])
        return found

    for order in Order:
        for narrow in (
            QueueFilter(order=order),
            QueueFilter(order=order, kind=Kind.NOTICE),
            QueueFilter(order=order, band=Band.HIGH, outlet_id=outlets[1]),
            QueueFilter(order=order, district="370303", column="曝光台"),
            QueueFilter(order=order, copied=True),
        ):
            chosen = [
                row
                for row in rows
                if narrow.kind in (None, row["suggestion"]["kind"])
                and (narrow.band is None or row["suggestion"]["kind_score"] >= 0.8)
                and narrow.outlet_id in (None, row["outlet_id"])
                and narrow.district in ("", row["district"])
                and narrow.column in ("", row["column"])
                and (row.get("copied") or not narrow.copied)
            ]
            assert await titles(services, narrow, who, size=7) == lines(chosen, narrow), narrow
            assert (await services.queue.total(narrow, who)).count == len(chosen)
    clock.advance(days=3)
    assert await titles(services, QueueFilter(days=2), who) == []


async def test_reprints_are_one_line_and_the_next_one_stands_for_them_when_the_first_is_decided(scene: Scene) -> None:
    text = "新华社区3号楼前垃圾堆放多日，居民反映强烈，记者多次走访后仍然无人清运，周边商户叫苦不迭。" * 3
    stories = [await scene.story(f"垃圾{at}", text, outlet=f"{at}报") for at in range(4)]
    await scene.services.pipeline.catch_up()

    async def shown() -> list[tuple[str, int]]:
        page = await scene.services.queue.page(QueueFilter(), scene.editor)
        return [(line.story.title, line.reprints) for line in page.lines]

    assert await shown() == [("垃圾0", 3)]
    await scene.decide(stories[0], Kind.NOTICE)
    assert await shown() == [("垃圾1", 2)]
    assert await titles(scene.services, QueueFilter(copied=True), scene.editor) == ["垃圾1"]


async def test_mine_are_the_story_that_is_open_and_those_that_still_have_to_be_tied(scene: Scene) -> None:
    opened, begun, _ = await scene.story(), await scene.exposure(), await scene.story()
    await scene.services.story_claims.take(ObjectId(opened.id), scene.editor)

    assert await titles(scene.services, QueueFilter(which=Which.MINE), scene.editor) == [opened.title, begun.title]
    assert await titles(scene.services, QueueFilter(which=Which.MINE), actor(Role.EDITOR)) == []


# Speed


def scanned(plan: dict[str, Any]) -> set[str]:
    """The stages of a plan, all the way down."""
    inner = [plan.get("inputStage"), *plan.get("inputStages", ())]
    return {plan["stage"]}.union(*(scanned(each) for each in inner if each))


ASKED = (
    *(QueueFilter(order=order) for order in Order),
    QueueFilter(kind=Kind.GOOD_DEED),
    QueueFilter(band=Band.HIGH),
    QueueFilter(district="370303"),
    QueueFilter(column="身边好人", order=Order.OLDEST),
    QueueFilter(kind=Kind.NOTICE, order=Order.SUREST),
    QueueFilter(district="370304", band=Band.LOW, order=Order.LEAST_SURE),
    QueueFilter(copied=True),
    QueueFilter(days=2),
)


async def test_a_page_of_the_queue_reads_hardly_more_than_it_shows(services: Services) -> None:
    await put_many(services, 1_500, outlets=[ObjectId() for _ in range(5)])
    who = actor(Role.EDITOR)
    for wanted in ASKED:
        first = await services.queue.page(wanted, who)
        for after in (None, first.next):
            asked = await services.queue.asked(wanted, who, after)
            plan = await services.database.command({"explain": {"find": "stories", "limit": 31, **asked}})
            stats, winner = plan["executionStats"], plan["queryPlanner"]["winningPlan"]
            assert stats["nReturned"] == 31, wanted
            assert stats["totalDocsExamined"] <= 2 * stats["nReturned"], wanted
            assert scanned(winner.get("queryPlan", winner)).isdisjoint({"COLLSCAN", "SORT"}), wanted


async def test_what_stands_around_a_queue_is_read_from_indexes_alone(services: Services) -> None:
    await put_many(services, 1_500, outlets=[ObjectId()])
    who = actor(Role.EDITOR)
    seen = await read_around(services.database, who, services.clock())
    assert (seen.counts[Which.WAITING], seen.counts[Which.MINE], seen.counts[Which.CHANGED]) == (1_001, 0, 0)
    before = await services.database.command("serverStatus")
    for counted in (True, False):
        await read_around(services.database, who, services.clock(), counted=counted)
    after = await services.database.command("serverStatus")
    read = after["metrics"]["queryExecutor"]["scannedObjects"] - before["metrics"]["queryExecutor"]["scannedObjects"]
    assert read < 500, "1,500 stories, of which none has to be read"


async def test_a_total_that_would_take_too_long_is_not_counted_to_the_end(services: Services) -> None:
    await put_many(services, 8, outlets=[ObjectId()])
    slow = {"$expr": {"$function": {"body": "function() { sleep(200); return true }", "args": [], "lang": "js"}}}
    assert await count(services.database["stories"], slow, {}, known=7) == Total(7, more=True)
    assert await count(services.database["stories"], {}, {}) == Total(8)


async def test_a_page_that_is_the_only_one_says_how_many_there_are(services: Services) -> None:
    await put_many(services, 90, outlets=[ObjectId()])
    who, queue = actor(Role.EDITOR), services.queue
    for wanted in (QueueFilter(district="370303", kind=Kind.NOTICE), QueueFilter(copied=True), QueueFilter(days=1)):
        page = await queue.page(wanted, who)
        assert (await queue.total(wanted, who, page)) == (await queue.total(wanted, who)), wanted
