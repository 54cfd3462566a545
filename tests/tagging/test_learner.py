"""Versions of the model on a real database: trained, judged, taken into use or set aside, and gone back to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import pytest
import pytest_asyncio
from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.connection import Database
from media_tracker.errors import Conflict, Forbidden, InvalidInput, NotFound
from media_tracker.ingest.documents import Kind
from media_tracker.tagging import training
from media_tracker.tagging.evidence import StoryText
from media_tracker.tagging.labelled import Labelled
from media_tracker.tagging.learner import InItsOwnProcess, Learner
from media_tracker.tagging.lessons import Lessons
from media_tracker.tagging.reading import Clues, Reader
from media_tracker.tagging.rules import Change, Known, Table, changed
from media_tracker.tagging.source import InForce, SuggesterSource
from media_tracker.tagging.starting import starting_digest
from media_tracker.tagging.versions import KEPT, Trained, Versions
from media_tracker.wiring import Services
from tests.fake_clock import FakeClock
from tests.web.desk_scene import Scene

T = TypeVar("T")
ADMIN = Actor(ObjectId(), frozenset({Role.ADMIN}))
EDITOR = Actor(ObjectId(), frozenset({Role.EDITOR}))


@pytest.fixture
def versions(database: Database, clock: FakeClock) -> Versions:
    return Versions(database, clock)


@pytest_asyncio.fixture
async def scene(services: Services) -> Scene:
    return await Scene.build(services)


def trained(data: bytes = b"model", *, no_worse: bool = True) -> Trained:
    """A model that nobody asks anything."""
    return Trained(data, "model-x", starting_digest(), 7, 2, {"kind": 0.8}, {"kind": 0.9}, no_worse)


class Made:
    """In place of the process that trains: something that is there already, or a mistake."""

    def __init__(self, *results: Trained | Exception) -> None:
        self.results = list(results)
        self.asked = 0
        self.given: tuple[object, ...] = ()

    async def run(self, function: Callable[..., T], *args: object) -> T:
        self.asked += 1
        self.given = args
        result = self.results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result  # type: ignore[return-value]


def learner(services: Services, made: Made, *, enough: int = 2, owner: str = "one") -> Learner:
    suggesters = suggesters_of(services)
    return Learner(
        services.database, services.versions, suggesters, services.audit, services.clock, owner, enough, made
    )


def suggesters_of(services: Services) -> SuggesterSource:
    return SuggesterSource(services.places, services.taxonomy, services.rules, services.versions, services.clock)


async def test_the_first_version_comes_into_use_and_its_bytes_come_back(versions: Versions) -> None:
    assert await versions.in_use() is None
    version = await versions.add(trained(b"x" * 700_000), None)
    in_use = await versions.in_use()
    assert in_use is not None
    assert (version.number, in_use.number) == (0, 0)
    assert await versions.data(0) == b"x" * 700_000


async def test_a_version_that_is_worse_is_kept_and_not_used(versions: Versions) -> None:
    await versions.add(trained(), None)
    worse = await versions.add(trained(b"other", no_worse=False), ADMIN.user_id)
    in_use = await versions.in_use()
    assert in_use is not None
    assert (worse.number, worse.took_over, worse.former, in_use.number) == (1, False, 0, 0)
    assert [each.number for each in await versions.latest()] == [1, 0]


async def test_an_admin_goes_back_to_a_former_version_and_an_editor_does_not(versions: Versions) -> None:
    await versions.add(trained(), None)
    await versions.add(trained(b"second"), None)
    assert await versions.former() == 0
    with pytest.raises(Forbidden):
        await versions.use(0, EDITOR)
    await versions.use(0, ADMIN)
    in_use = await versions.in_use()
    assert in_use is not None
    assert (in_use.number, in_use.by) == (0, ADMIN.user_id)
    with pytest.raises(Conflict):
        await versions.use(0, ADMIN)
    with pytest.raises(NotFound):
        await versions.use(9, ADMIN)
    with pytest.raises(NotFound):
        await versions.former()


async def test_old_versions_lose_their_bytes_but_the_one_in_use_does_not(versions: Versions) -> None:
    for _ in range(KEPT + 3):
        await versions.add(trained(no_worse=False), None)
    await versions.use(KEPT + 1, None)
    for _ in range(KEPT + 2):
        await versions.add(trained(no_worse=False), None)
    assert await versions.data(KEPT + 1) == b"model"
    with pytest.raises(NotFound):
        await versions.data(0)
    with pytest.raises(NotFound):
        await versions.use(0, ADMIN)


async def test_versions_that_are_forgotten_leave_nothing(versions: Versions, database: Database) -> None:
    await versions.add(trained(), None)
    await versions.forget()
    assert (await versions.in_use(), await versions.newest()) == (None, None)
    assert await database["models.files"].count_documents({}) == 0
    assert await database["models.chunks"].count_documents({}) == 0


async def test_a_worker_trains_when_there_is_no_version_and_then_after_enough_decisions(
    scene: Scene, clock: FakeClock
) -> None:
    services = scene.services
    made = Made(trained(), trained(b"second"))
    worker = learner(services, made)
    first = await worker.turn()
    assert first is not None
    assert await worker.turn() is None
    clock.advance(minutes=5)
    async with scene.browser() as editor:
        await scene.decide(editor, await scene.put_story(), Kind.NOTICE)
        assert await worker.turn() is None
        assert (await worker.progress()).new == 1
        await scene.decide(editor, await scene.put_story(), Kind.NOTICE)
    second = await worker.turn()
    assert second is not None
    assert (first.number, second.number, made.asked) == (0, 1, 2)
    assert (await worker.progress()).new == 0
    entries = await services.audit.latest()
    assert [(each.action.value, each.subject) for each in entries if each.action.value.startswith("model")] == [
        ("model_trained", "model/1"),
        ("model_trained", "model/0"),
    ]


async def test_a_worker_trains_when_somebody_has_asked(scene: Scene) -> None:
    worker = learner(scene.services, Made(trained(), trained(no_worse=False)))
    await worker.turn()
    await worker.ask(EDITOR)
    assert (await worker.progress()).asked_at is not None
    version = await worker.turn()
    assert version is not None
    assert (version.trained_by, version.took_over) == (EDITOR.user_id, False)
    assert (await worker.progress()).asked_at is None
    with pytest.raises(Forbidden):
        await worker.ask(Actor(ObjectId(), frozenset({Role.VIEWER})))


async def test_of_two_workers_one_learns(scene: Scene) -> None:
    services = scene.services
    begun, go_on = asyncio.Event(), asyncio.Event()

    class Slow(Made):
        async def run(self, function: Callable[..., T], *args: object) -> T:
            begun.set()
            await go_on.wait()
            return await super().run(function, *args)

    one, other = learner(services, Slow(trained())), learner(services, Made(), owner="other")
    learning = asyncio.create_task(one.learn(None))
    await begun.wait()
    assert (await other.progress()).learning_since is not None
    with pytest.raises(Conflict):
        await other.learn(None)
    assert await other.turn() is None
    go_on.set()
    assert (await learning).number == 0
    assert (await other.progress()).learning_since is None


async def test_training_that_fails_is_told_and_not_tried_again_at_once(scene: Scene, clock: FakeClock) -> None:
    made = Made(MemoryError(), trained())
    worker = learner(scene.services, made)
    with pytest.raises(MemoryError):
        await worker.turn()
    progress = await worker.progress()
    assert (progress.failed, progress.learning_since) == ("MemoryError", None)
    assert await worker.turn() is None
    clock.advance(minutes=11)
    assert await worker.turn() is not None
    assert (await worker.progress()).failed == ""


async def test_a_version_of_another_release_is_followed_by_one_of_this(scene: Scene, clock: FakeClock) -> None:
    services = scene.services
    old = Trained(b"cannot be read", "model-old", "another release", 0, 0)
    await services.versions.add(old, None)
    story = await scene.put_story()
    await services.tagging.look_at([story.id])
    seen = (await scene.story(story)).suggestion
    assert seen is not None
    assert seen.model.startswith("cues-"), "words suggest alone where the model cannot be read"
    worker = learner(services, Made(trained()))
    assert await worker.turn() is None, "releases that run beside each other do not take turns"
    clock.advance(hours=2)
    assert await worker.turn() is not None


@pytest.mark.slow
async def test_a_model_is_trained_in_a_process_of_its_own_and_suggests(scene: Scene, clock: FakeClock) -> None:
    services = scene.services
    async with scene.browser() as editor:
        for number in range(3):
            await scene.decide(editor, await scene.put_story(f"无影潭社区第{number}处路面坑洼"), Kind.NOTICE)
    suggesters = suggesters_of(services)
    worker = Learner(
        services.database, services.versions, suggesters, services.audit, clock, "one", 50, InItsOwnProcess()
    )
    version = await worker.learn(EDITOR.user_id)
    assert version.decisions + version.held_back == 3
    assert version.tables == (await suggesters.in_force()).digest
    story = await scene.put_story()
    clock.advance(seconds=31)
    await services.tagging.look_at([story.id])
    seen = (await scene.story(story)).suggestion
    assert seen is not None
    assert seen.model.startswith(version.model)


async def test_a_version_that_was_trained_during_a_roll_back_does_not_undo_it(scene: Scene, clock: FakeClock) -> None:
    versions = scene.services.versions
    await versions.add(trained(), None)
    await versions.add(trained(b"second"), None)

    class RolledBackMeanwhile(Made):
        async def run(self, function: Callable[..., T], *args: object) -> T:
            clock.advance(seconds=5)
            await versions.use(0, ADMIN)
            return await super().run(function, *args)

    third = await learner(scene.services, RolledBackMeanwhile(trained(b"third"))).learn(None)
    in_use = await versions.in_use()
    assert in_use is not None
    assert (third.number, third.took_over, in_use.number) == (2, False, 0)


async def test_who_asks_while_a_version_is_trained_gets_another_one(scene: Scene, clock: FakeClock) -> None:
    services = scene.services

    class AskedMeanwhile(Made):
        async def run(self, function: Callable[..., T], *args: object) -> T:
            clock.advance(seconds=5)
            await other.ask(EDITOR)
            return await super().run(function, *args)

    other = learner(services, Made(), owner="other")
    await learner(services, AskedMeanwhile(trained())).learn(None)
    assert (await other.progress()).asked_at == clock()


async def test_decisions_that_are_made_while_a_version_is_trained_count_as_new(scene: Scene, clock: FakeClock) -> None:
    async with scene.browser() as editor:

        class DecidedMeanwhile(Made):
            async def run(self, function: Callable[..., T], *args: object) -> T:
                clock.advance(seconds=5)
                await scene.decide(editor, await scene.put_story(), Kind.NOTICE)
                clock.advance(seconds=5)
                return await super().run(function, *args)

        worker = learner(scene.services, DecidedMeanwhile(trained()))
        await worker.learn(None)
        assert (await worker.progress()).new == 1


async def test_a_version_that_this_release_cannot_read_is_not_taken_into_use(
    versions: Versions, database: Database
) -> None:
    await versions.add(trained(), None)
    await versions.add(trained(b"second"), None)
    await database["model_versions"].update_one({"_id": 0}, {"$set": {"format": 0}})
    with pytest.raises(InvalidInput, match="another release"):
        await versions.use(0, ADMIN)


async def test_decisions_on_samples_teach_until_there_is_one_on_a_real_story(scene: Scene, clock: FakeClock) -> None:
    services = scene.services
    made = Made(*(trained(bytes([number])) for number in range(4)))
    worker = learner(services, made, enough=50)
    async with scene.browser() as editor:
        for _ in range(3):
            await scene.decide(editor, await scene.put_story(demo=True), Kind.NOTICE)
        first = await worker.learn(None)
        assert (_taught(made), first.samples) == (3, True)
        assert (await services.versions.in_use()) is not None
        clock.advance(minutes=1)
        assert await worker.turn() is None, "there is nothing else to learn from"

        await scene.decide(editor, await scene.put_story(), Kind.NOTICE)
        assert (await worker.progress()).new == 1
        second = await worker.turn()
        assert second is not None
        assert (_taught(made), second.samples) == (1, False)
        assert made.given[1] is None, "what has learnt from samples is no measure"

        clock.advance(minutes=1)
        await scene.decide(editor, await scene.put_story(demo=True), Kind.NOTICE)
        assert (await worker.progress()).new == 0
        assert await worker.turn() is None
        await worker.learn(None)
        assert (_taught(made), made.given[1]) == (1, bytes([1]))


async def test_a_version_that_is_not_of_samples_though_the_one_in_use_is_takes_over(scene: Scene) -> None:
    services = scene.services
    made = Made(trained(), trained(b"second"))
    worker = learner(services, made, enough=50)
    async with scene.browser() as editor:
        await scene.decide(editor, await scene.put_story(demo=True), Kind.NOTICE)
        await worker.turn()
        await scene.decide(editor, await scene.put_story(), Kind.NOTICE)
        await worker.turn()
    in_use = await services.versions.in_use()
    assert in_use is not None
    assert (in_use.number, made.given[1]) == (1, None)


async def test_what_is_trained_reads_stories_with_the_rules_in_force(scene: Scene) -> None:
    services = scene.services
    made = Made(trained(), trained(b"second"))
    worker = learner(services, made)
    await worker.learn(None)
    before = made.given[2]
    assert isinstance(before, InForce)

    rules = await services.rules.current()
    into = ("三号楼前", "notice", "10", "")
    await services.rules.save(changed(rules, Change(Table.KIND, into=(into,)), Known((), (), ())), EDITOR, "kind", 1)
    await worker.learn(None)

    after = made.given[2]
    assert isinstance(after, InForce)
    assert after.digest != before.digest
    story = StoryText("通报", "三号楼前")
    assert after.reader().read(story).kind.sums.get("notice", 0.0) >= 10.0
    assert after.reader().read(story).signals() != before.reader().read(story).signals()


def test_a_model_is_judged_with_the_reader_that_it_is_given() -> None:
    examples = [
        Labelled(StoryText(f"第{n}篇", "甲乙丙" if n % 2 else "丁戊己"), "exposure" if n % 2 else "notice")
        for n in range(12)
    ]
    read: list[StoryText] = []

    class Noting(Reader):
        def read(self, story: StoryText) -> Clues:
            read.append(story)
            return super().read(story)

    shipped = training.table_reader()
    noting = Noting(shipped.cues, shipped.gazetteer)
    figures = training.judge(training.train(examples, reader=noting), examples, noting)
    assert set(figures) == {"kind"}
    assert len(read) == 24


def _taught(made: Made) -> int:
    """How many decisions there were to learn from or to judge by, the last time."""
    found = made.given[0]
    assert isinstance(found, Lessons)
    return len(found.taught) + len(found.held_back)
