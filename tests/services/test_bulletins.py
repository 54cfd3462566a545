"""Bulletins: frozen for ever, numbered without gaps, corrected beside; the monitor agrees with them as of their moment."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import asdict, replace
from datetime import date, timedelta

import pytest

from media_tracker.errors import Conflict, Forbidden, InvalidInput
from media_tracker.monitor import bulletin_counts
from media_tracker.monitor.bulletin_counts import Counted
from media_tracker.monitor.bulletin_rules import Texts
from media_tracker.monitor.bulletins import Issue, period_of
from media_tracker.monitor.definitions import Key
from media_tracker.monitor.documents import Bulletin
from media_tracker.monitor.facts import EVERYTHING, Period
from media_tracker.problems.documents import Problem
from media_tracker.problems.steps import Step
from media_tracker.web.bulletins import content as content_module
from media_tracker.web.bulletins.content import Signing, compose, content_of, word_of
from media_tracker.web.i18n import use_locale
from media_tracker.web.naming import names_with
from media_tracker.web.render import Pages, pages_in
from tests.services.scene import Scene

QUARTER = Period(date(2026, 1, 1), date(2026, 3, 31))


@pytest.fixture
def pages(scene: Scene) -> Pages:
    return pages_in(scene.services.settings.zone)


async def a_campaign(scene: Scene) -> list[Problem]:
    """One closed, one claimed, one open and overdue."""
    closed = await scene.closed(await scene.exposed())
    claimed = await scene.claimed(await scene.exposed(outlet="晚报"))
    opened = await scene.assigned(await scene.exposed())
    scene.clock.set(scene.clock.START + timedelta(days=29))
    return [closed, claimed, opened]


async def drafted(scene: Scene, **texts: str) -> Bulletin:
    who = scene.publicity
    return await scene.services.bulletins.drafts.begin(QUARTER, "zh_CN", Texts(**texts), who, scene.who(who))


async def released(
    scene: Scene, pages: Pages, draft: Bulletin, serial: int = 1, seen: Counted | None = None
) -> Bulletin:
    room, who = scene.services, scene.publicity
    counted = await room.bulletins.count(period_of(draft), scene.clock.now)
    with use_locale("zh_CN"):
        names = await names_with(room, pages)
        signing = Signing(2026, serial, scene.clock.now, "某主任")
        content = await compose(room, names, counted, Texts(**draft.texts.model_dump()), draft.deeds, signing)
        word = await word_of(room, content, "zh_CN")
    issue = Issue(2026, serial, asdict(content), word, "通报.docx")
    was_seen = await room.bulletins.seen(seen or counted)
    return await room.bulletins.release(str(draft.id), draft.version, counted, issue, was_seen, who, scene.who(who))


async def test_a_released_bulletin_stays_as_it_is_and_the_monitor_agrees_with_it_as_of_then(
    scene: Scene, pages: Pages
) -> None:
    room = scene.services
    closed, claimed, opened = await a_campaign(scene)
    bulletin = await released(scene, pages, await drafted(scene, lead="本周情况"))
    frozen = bulletin.frozen
    assert frozen is not None
    values = {figure.key: figure.value for figure in frozen.figures}
    assert (values[Key.PROBLEMS], values[Key.RESOLVED], values[Key.OVERDUE], values[Key.CLAIMED]) == (3, 1, 1, 1)
    ids = {key: await room.bulletins.counted_ids(frozen.release, key) for key in Key}
    assert {key: len(found) for key, found in ids.items()} == values, "every number is the length of its list"

    scene.clock.advance(hours=1)
    await scene.act(claimed, scene.step(Step.VERIFY), scene.inspector)
    await scene.claimed(opened)
    await scene.exposed(outlet="晚报")
    await scene.act(closed, scene.step(Step.WITHHOLD), scene.publicity)
    story = await room.stories.get(str(closed.case.exposures[0].story_id))
    await room.database["stories"].update_one({"_id": story.id}, {"$set": {"title": "别的标题"}})
    await room.database["problems"].update_one({"number": closed.number}, {"$set": {"title": "别的问题"}})

    now = await room.bulletins.count(QUARTER)
    assert now.value(Key.PROBLEMS) == 4, "the world has gone on"
    assert now.value(Key.CLAIMED) == 1
    again = await room.bulletins.of_release(frozen.release)
    assert again is not None
    assert again.frozen == frozen
    assert {key: await room.bulletins.counted_ids(frozen.release, key) for key in Key} == ids
    recount = await room.bulletins.recount(again)
    assert {each.key: (each.now, each.same) for each in recount} == {key: (n, True) for key, n in values.items()}
    for key in (Key.PROBLEMS, Key.OVERDUE):
        total, _ = await room.monitor.page(key, QUARTER, EVERYTHING, 0, 1, as_of=frozen.as_of)
        assert total == values[key]
    content = content_of(frozen.content)
    assert content.lead == ["本周情况"]
    assert [line.title for line in content.resolved] == [closed.title], "names as they were shown"
    _, chunks = await room.files.open(frozen.file_id)
    word = b"".join([chunk async for chunk in chunks])
    assert (hashlib.sha256(word).hexdigest(), len(word)) == (frozen.digest, frozen.size)
    release = await room.releases.get(frozen.release)
    assert release.bulletin == bulletin.id
    assert {figure.key: figure.value for figure in release.figures}.items() <= values.items()


async def test_a_bulletin_is_released_once_with_a_number_of_its_own(scene: Scene, pages: Pages) -> None:
    await a_campaign(scene)
    first, second = await drafted(scene), await drafted(scene)
    results = await asyncio.gather(released(scene, pages, first), released(scene, pages, first), return_exceptions=True)
    assert sum(isinstance(each, Conflict) for each in results) == 1
    assert await scene.services.bulletins.next_serial(2026) == 2
    scene.clock.advance(minutes=1)
    with pytest.raises(Conflict):
        await released(scene, pages, second, serial=1)
    assert len(await scene.services.releases.all()) == 1, "what was not signed has released nothing"
    await released(scene, pages, second, serial=7)
    assert await scene.services.bulletins.next_serial(2026) == 8


async def test_what_has_changed_since_it_was_seen_is_not_signed(scene: Scene, pages: Pages) -> None:
    await a_campaign(scene)
    draft = await drafted(scene)
    seen = await scene.services.bulletins.count(QUARTER)
    await scene.exposed(outlet="晚报")
    with pytest.raises(Conflict):
        await released(scene, pages, draft, seen=seen)
    who = scene.publicity
    edited = await scene.services.bulletins.drafts.edit(
        str(draft.id), 1, Texts(title="新"), (), None, who, scene.who(who)
    )
    with pytest.raises(Conflict):
        await released(scene, pages, draft)
    bulletin = await released(scene, pages, edited)
    with pytest.raises(Conflict):
        await scene.services.bulletins.drafts.edit(
            str(draft.id), bulletin.version, Texts(), (), None, who, scene.who(who)
        )


async def test_a_correction_stands_beside_and_changes_nothing(scene: Scene, pages: Pages) -> None:
    room, who = scene.services, scene.publicity
    await a_campaign(scene)
    bulletin = await released(scene, pages, await drafted(scene))
    assert bulletin.frozen is not None
    number = bulletin.frozen.release
    with pytest.raises(InvalidInput) as wrong:
        await room.bulletins.errata.add(number, "表一", "", "x" * 501, who, scene.who(who))
    assert set(wrong.value.fields) == {"wrong", "right"}
    await room.bulletins.errata.add(number, "表一", "曝光 3", "曝光 2", who, scene.who(who))
    assert [(each.place, each.right, each.by) for each in await room.bulletins.errata.of(number)] == [
        ("表一", "曝光 2", who.user_id)
    ]
    assert await room.bulletins.of_release(number) == bulletin


async def test_only_publicity_staff_write_bulletins(scene: Scene) -> None:
    who = scene.editor
    with pytest.raises(Forbidden):
        await scene.services.bulletins.drafts.begin(QUARTER, "zh_CN", Texts(), who, scene.who(who))
    scene.clock.set(scene.clock.START + timedelta(days=29))
    draft = await drafted(scene)
    for attempt in (
        scene.services.bulletins.drafts.edit(str(draft.id), 1, Texts(), (), None, who, scene.who(who)),
        scene.services.bulletins.drafts.discard(str(draft.id), 1, who, scene.who(who)),
        scene.services.bulletins.errata.add(1, "a", "b", "c", who, scene.who(who)),
    ):
        with pytest.raises(Forbidden):
            await attempt


async def test_lists_that_never_became_a_bulletin_are_taken_away(scene: Scene, pages: Pages) -> None:
    database = scene.services.database
    await a_campaign(scene)
    draft = await drafted(scene)
    counted = await scene.services.bulletins.count(QUARTER, scene.clock.now)
    stale = replace(counted, figures={**counted.figures, Key.STORIES: counted.value(Key.STORIES) + 1})
    who, issue = scene.publicity, Issue(2026, 1, {}, b"PK", "x.docx")
    seen = await scene.services.bulletins.seen(stale)
    with pytest.raises(Conflict):
        await scene.services.bulletins.release(str(draft.id), draft.version, stale, issue, seen, who, scene.who(who))
    assert await database["bulletin_lists"].count_documents({}) == 0
    assert await database["release_rows"].count_documents({}) == 0
    assert await scene.services.releases.latest() is None

    left = {"release": 1, "key": "stories", "part": 0, "ids": b""}  # by somebody whose process ended in the middle
    await database["bulletin_lists"].insert_one(left)
    for _ in range(2):
        scene.clock.advance(minutes=1)
        again = await drafted(scene)
        await released(scene, pages, again, serial=await scene.services.bulletins.next_serial(2026))
    numbers = {each.number for each in await scene.services.releases.all()}
    assert set(await database["bulletin_lists"].distinct("release")) == numbers


async def test_lists_that_an_earlier_release_of_the_program_wrote_are_read(scene: Scene, pages: Pages) -> None:
    await a_campaign(scene)
    bulletin = await released(scene, pages, await drafted(scene))
    assert bulletin.frozen is not None
    number, room = bulletin.frozen.release, scene.services
    before = {key: await room.bulletins.counted_ids(number, key) for key in Key}
    for key, ids in before.items():
        await room.database["bulletin_lists"].update_one({"release": number, "key": key.value}, {"$set": {"ids": ids}})
    assert {key: await room.bulletins.counted_ids(number, key) for key in Key} == before
    assert all(each.same for each in await room.bulletins.recount(bulletin))


async def test_a_list_longer_than_what_is_printed_says_how_many_there_are(
    scene: Scene, pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_campaign(scene)
    await scene.closed(await scene.exposed())
    for module in (bulletin_counts, content_module):
        monkeypatch.setattr(module, "MOST_PRINTED", 1)
    counted = await scene.services.bulletins.count(QUARTER)
    with use_locale("zh_CN"):
        names = await names_with(scene.services, pages)
        said = await compose(scene.services, names, counted, Texts(), (), Signing(2026, None, scene.clock.now))
    assert (counted.value(Key.RESOLVED), len(said.resolved)) == (2, 1)
    assert "共2件" in said.resolved_more
    assert "此处列最近1件" in said.resolved_more
    assert said.relapsed_more == ""


async def test_the_trend_of_the_past_is_the_trend_of_now_where_nothing_has_changed(scene: Scene) -> None:
    await a_campaign(scene)
    now = await scene.services.bulletins.count(QUARTER)
    then = await scene.services.bulletins.count(QUARTER, scene.clock.now)
    assert now.trend == then.trend
    assert now.trend[-1][1] == {key: now.value(key) for key in (Key.EXPOSURES, Key.RESOLVED)}
    assert now.rows == then.rows
