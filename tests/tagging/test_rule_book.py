"""Editions of the rules on a real database, what a change would do, and how suggestions come to follow it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import pytest_asyncio
from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.connection import Database
from media_tracker.errors import Conflict, Forbidden, InvalidInput, NotFound
from media_tracker.tagging import trial as trial_of_rules
from media_tracker.tagging.rule_book import RuleBook
from media_tracker.tagging.rules import Change, Known, Rules, Table, Thresholds, changed, shipped
from media_tracker.tagging.source import SuggesterSource
from media_tracker.tagging.trial import Trials
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.web.desk_scene import Scene

EDITOR = Actor(ObjectId(), frozenset({Role.EDITOR}))
VIEWER = Actor(ObjectId(), frozenset({Role.VIEWER, Role.OFFICIAL}))
ROW = ("三号楼前", "notice", "10", "")
ROWS = (ROW, ("居民出行难", "notice", "10", ""), ("居民希望", "notice", "10", ""))
"""They make a notice of the scene's story."""


@pytest.fixture
def book(database: Database, clock: FakeClock) -> RuleBook:
    return RuleBook(database, clock)


@pytest_asyncio.fixture
async def scene(services: Services) -> Scene:
    return await Scene.build(services)


def _other(rules: Rules) -> Rules:
    return changed(rules, Change(Table.KIND, into=ROWS), Known((), (), ()))


async def test_without_a_save_the_shipped_rules_hold(book: RuleBook) -> None:
    assert await book.current() == shipped()
    assert await book.thresholds() == shipped().thresholds
    assert await book.latest() == []


async def test_a_save_keeps_the_former_edition_which_can_be_brought_back(book: RuleBook) -> None:
    saved = await book.save(_other(await book.current()), EDITOR, "kind", 1)
    saved = await book.save(replace(saved, thresholds=Thresholds(0.1, 0.2)), EDITOR, "thresholds")
    assert (saved.number, await book.thresholds()) == (2, Thresholds(0.1, 0.2))
    assert ROW in (await book.current()).tables[Table.KIND]
    back = await book.restore(1, 2, EDITOR)
    assert (back.number, back.thresholds) == (3, shipped().thresholds)
    assert ROW in back.tables[Table.KIND]
    assert (await book.restore(0, 3, EDITOR)).tables == shipped().tables
    assert [(each.number, each.about, each.restored) for each in await book.latest()] == [
        (4, "restored", 0),
        (3, "restored", 1),
        (2, "thresholds", None),
        (1, "kind", None),
    ]


async def test_of_two_who_save_at_once_one_is_told(book: RuleBook) -> None:
    present = await book.current()
    await book.save(_other(present), EDITOR, "kind")
    with pytest.raises(Conflict):
        await book.save(_other(present), EDITOR, "kind")
    with pytest.raises(Conflict):
        await book.restore(1, 0, EDITOR)
    assert await book.number() == 1


async def test_who_is_neither_editor_nor_admin_changes_no_rule(book: RuleBook) -> None:
    with pytest.raises(Forbidden):
        await book.save(_other(await book.current()), VIEWER, "kind")
    assert await book.number() == 0


async def test_an_edition_that_is_none_and_the_present_one_cannot_be_brought_back(book: RuleBook) -> None:
    with pytest.raises(NotFound):
        await book.restore(7, 0, EDITOR)
    with pytest.raises(InvalidInput):
        await book.restore(0, 0, EDITOR)


async def test_a_trial_says_how_many_stories_would_change_and_writes_nothing(scene: Scene) -> None:
    services = scene.services
    story = await scene.put_story()
    await scene.put_story("全市召开创城推进会", "会议在市政府召开，研究部署下一步工作。")
    before = await services.rules.current()
    trial = await services.trials.of_rules(before, _other(before))
    assert (trial.stories, trial.changed) == (2, 1)
    (example,) = trial.examples
    assert (example.story_id, example.before["kind"], example.after["kind"]) == (story.id, "exposure", "notice")
    assert await services.rules.number() == 0
    assert (await scene.story(story)).suggestion == story.suggestion


async def test_a_trial_whose_time_is_up_says_how_many_of_how_many_stories_it_has_looked_at(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial_of_rules, "SLICE", 2)
    for _ in range(5):
        await scene.put_story()
    passing = iter([0.0, trial_of_rules.SECONDS - 1, trial_of_rules.SECONDS])
    services = scene.services
    before = await services.rules.current()
    suggesters = SuggesterSource(services.places, services.taxonomy, services.rules, services.versions, services.clock)
    trials = Trials(services.database, suggesters, lambda: next(passing))
    trial = await trials.of_rules(before, _other(before))
    assert (trial.stories, trial.of, trial.changed, len(trial.examples)) == (4, 5, 4, 4)
    whole = await services.trials.of_rules(before, _other(before))
    assert (whole.stories, whole.of, whole.changed) == (5, 5, 5)


async def test_a_trial_of_thresholds_counts_what_would_be_shown_and_filled_in(scene: Scene) -> None:
    await scene.put_story()
    await scene.put_story(suggested=False)
    trial = await scene.services.trials.of_thresholds(Thresholds(0.3, 0.6), Thresholds(0.7, 0.88))
    assert (trial.stories, trial.changed) == (2, 1)
    assert trial.examples[0].before == {"kind": "filled_in", "category": "filled_in"}
    assert trial.examples[0].after == {"kind": "suggested", "category": "hidden"}


async def test_suggestions_follow_a_saved_rule_within_half_a_minute_and_waiting_stories_are_looked_at_again(
    scene: Scene, clock: FakeClock
) -> None:
    services = scene.services
    story, decided = await scene.put_story(), await scene.put_story()
    await services.tagging.look_at([story.id, decided.id])
    async with scene.browser() as editor:
        await scene.decide(editor, decided)
    assert await services.tagging.look_again() == 0
    await services.rules.save(_other(await services.rules.current()), EDITOR, "kind", 1)
    clock.advance(seconds=31)
    assert await services.tagging.look_again() == 1
    seen, kept = (await scene.story(story)).suggestion, (await scene.story(decided)).suggestion
    assert seen is not None
    assert kept is not None
    assert (seen.kind.value, kept.kind.value) == ("notice", "exposure")
    assert seen.model != kept.model
    assert await services.tagging.look_again() == 0


async def test_a_place_that_was_put_in_is_found_in_stories(scene: Scene, clock: FakeClock) -> None:
    services = scene.services
    story = await scene.put_story("柳荫里小区垃圾成堆", "记者在柳荫里小区看到，垃圾成堆无人清运。")
    rules = await services.rules.current()
    known = Known((), frozenset({"370303004"}), ())
    after = changed(rules, Change(Table.PLACES, into=(("柳荫里小区", "370303004"),)), known)
    trial = await services.trials.of_rules(rules, after)
    assert [each.after.get("region") for each in trial.examples] == ["370303004"]
    await services.rules.save(after, EDITOR, "places", 1)
    clock.advance(seconds=31)
    await services.tagging.look_at([story.id])
    seen = (await scene.story(story)).suggestion
    assert seen is not None
    assert seen.region == "370303004"
