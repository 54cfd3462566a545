"""Taking back what was done at the desk, for ten minutes: the story is as it was before, and so is all that came of it.

History is not rewritten. The story gets an event ``undone`` that says what stands again (a kind of None: nobody has decided it),
a tie is taken off its problem (``untied``), a problem that was registered by mistake is not accepted and has no report, a deed
goes. What has been built upon meanwhile is not pulled away: then a ``Conflict`` says what that is. Learning follows by itself: it
reads the decisions that stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.events import EventLog, Origin
from media_tracker.db.ids import parse_id
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.deeds.service import ENTITY as DEED
from media_tracker.deeds.unfiling import unfile_in
from media_tracker.desk.done import Done, Row, What
from media_tracker.desk.second_look import SecondLooks
from media_tracker.desk.story_claims import StoryClaims
from media_tracker.errors import N_, Conflict, Forbidden, MediaTrackerError, NotFound
from media_tracker.ingest.documents import DecisionRecord, Story
from media_tracker.problems.folding import fold
from media_tracker.problems.service import Problems
from media_tracker.problems.untying import standing, take_relapse_back, unregister, untie
from media_tracker.tagging.service import ENTITY, Tagging

UNDO_WITHIN = timedelta(minutes=10)
MOST_SHOWN = 200
MOST_TOGETHER = 2_000
"""Things of one group: at most a hundred reprints, each decided and tied to some problems."""
HARMLESS = frozenset({"changed", "completed", "attached", "adopted"})
"""What may happen to a story after a decision without standing in the way of undoing it: its outlet's doing."""

TOO_LATE = N_("This is more than ten minutes ago and can no longer be undone. Decide the story again instead.")
UNDONE = N_("This has been undone already.")
NOT_YOURS = N_("Only who did it, or an administrator, can undo it.")
DECIDED_SINCE = N_("Something else was done with this story after that. Undo that first.")
WITHDRAWN_SINCE = N_("Its outlet has withdrawn this story since; nothing is undone.")


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that was done, as a list shows it: one thing, or several that belong together (``count``).

    ``until``: so long it can be undone; None: no longer, or it has been.
    """

    row: Row
    count: int
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Undone:
    """What came of undoing: how many stories are as they were, and why others are not.

    ``story_id``: the story to go on with.
    """

    story_id: ObjectId
    count: int
    left: Sequence[MediaTrackerError] = ()


class Undoing:
    """Undoes what was done at the desk, and lists what can be undone."""

    def __init__(
        self,
        database: Database,
        log: EventLog,
        transactor: Transactor,
        tagging: Tagging,
        problems: Problems,
        claims: StoryClaims,
        done: Done,
        clock: Clock,
        second_looks: SecondLooks,
    ) -> None:
        self._second_looks = second_looks
        self._database = database
        self._stories = database[Story.Settings.name]
        self._log = log
        self._transactor = transactor
        self._tagging = tagging
        self._problems = problems
        self._claims = claims
        self._done = done
        self._clock = clock

    async def mine(self, actor: Actor, limit: int = MOST_SHOWN) -> list[Entry]:
        """What ``actor`` has done lately by hand, the last first; what was done together is one entry.

        What was undone is left out, and so are runs of bulk acceptance, which ``BulkAccept`` lists and undoes.
        """
        entries: dict[ObjectId, Entry] = {}
        for row in await self._done.of(actor, limit):
            if row.undone_at is None:
                known = entries.get(row.run_id or row.id)
                count = known.count + 1 if known else 1
                entries[row.run_id or row.id] = Entry(known.row if known else row, count, self._until(row))
        return list(entries.values())

    async def latest(self, actor: Actor) -> Entry | None:
        """The last thing that ``actor`` has done and can still undo: what the key for undoing is about."""
        return next((entry for entry in await self.mine(actor, 20) if entry.until is not None), None)

    async def undo(self, row_id: str, actor: Actor, origin: Origin) -> Undone:
        """Undo one thing, with what was done together with it; of several together, the last first.

        Raises:
            NotFound: there is no such thing (any more). Forbidden: it is somebody else's, and the actor is no admin.
            Conflict: too late, undone already, somebody else has the story open, or something was built upon it.
        """
        row = await self._done.get(parse_id(row_id))
        if row is None:
            raise NotFound(N_("There is nothing at this address."))
        if row.run_id is None or row.bulk:
            await self.undo_one(row, actor, origin)
            return Undone(row.story_id, 1)
        together = await self._done.of_run(row.run_id, MOST_TOGETHER)
        if not together:
            raise Conflict(UNDONE)
        left: dict[ObjectId, MediaTrackerError] = {}
        for each in together:
            if each.story_id not in left:  # what came before on the same story rests on what could not be undone
                try:
                    await self.undo_one(each, actor, origin)
                except Conflict as error:
                    left[each.story_id] = error
        stories = {each.story_id for each in together}
        if len(left) == len(stories):
            raise next(iter(left.values()))
        return Undone(row.story_id, len(stories) - len(left), list(left.values()))

    async def undo_one(self, row: Row, actor: Actor, origin: Origin, since: datetime | None = None) -> Story:
        """Undo one thing alone. ``since``: when the ten minutes began, where that is not when it was done."""
        if row.by != actor.user_id and not actor.has(Role.ADMIN):
            raise Forbidden(NOT_YOURS)
        if row.undone_at is not None:
            raise Conflict(UNDONE)
        if self._clock() > (since or row.at) + UNDO_WITHIN:
            raise Conflict(TOO_LATE)
        if row.what is What.LOOKED:
            return await self._transactor.run(lambda tx: self._look_again_in(tx, row, actor), origin)
        if row.what is What.PUT_OFF:
            return await self._transactor.run(lambda tx: self._not_put_off_in(tx, row, actor), origin)
        version, touched = await self._since(row)
        deed_version = await self._deed_version(row) if row.deed_id is not None else 0

        async def work(tx: Transaction) -> Story:
            await self._claims.check_in(tx, row.story_id, actor)
            if not await self._done.mark_undone_in(tx, row.id, actor):
                raise Conflict(UNDONE)
            if row.problem_id is not None:
                await self._untie_in(tx, row)
            if row.deed_id is not None:
                now = self._clock()
                await unfile_in(tx, self._database, row.deed_id, row.story_id, deed_version, now)
            return await self._restore_in(tx, row, version, touched=touched)

        return await self._transactor.run(work, origin)

    async def _look_again_in(self, tx: Transaction, row: Row, actor: Actor) -> Story:
        """The second look is as if it had not been given: the story is hidden again, and waits for one."""
        await self._claims.check_in(tx, row.story_id, actor)
        if not await self._done.mark_undone_in(tx, row.id, actor):
            raise Conflict(UNDONE)
        await self._second_looks.take_back_in(tx, row.story_id, row.look_seq)
        marks = {mark["_id"]: mark["blind"] for mark in row.marks}
        if not await self._tagging.blind_again_in(tx, row.story_id, row.seq, marks):
            raise Conflict(DECIDED_SINCE)
        return await self._read_in(tx, row.story_id)

    async def _not_put_off_in(self, tx: Transaction, row: Row, actor: Actor) -> Story:
        """The story of which a second look is asked is in the editor's queue again; nothing of the story itself changes."""
        await self._claims.check_in(tx, row.story_id, actor)
        if not await self._done.mark_undone_in(tx, row.id, actor):
            raise Conflict(UNDONE)
        assert row.until is not None  # it was put off until some time
        looks, before = self._second_looks, row.until_before
        if not await looks.take_put_off_back_in(tx, row.story_id, row.by, row.until, before):
            raise Conflict(DECIDED_SINCE)
        return await self._read_in(tx, row.story_id)

    async def _read_in(self, tx: Transaction, story_id: ObjectId) -> Story:
        story: Story = Story.model_validate(await self._stories.find_one({"_id": story_id}, session=tx.session))
        return story

    def _until(self, row: Row) -> datetime | None:
        until = row.at + UNDO_WITHIN
        return until if until >= self._clock() and row.undone_at is None else None

    async def _since(self, row: Row) -> tuple[int, bool]:
        """The story's version now, and whether its outlet has done something with it since.

        Raises:
            Conflict: something has happened to it since that stands in the way. What was undone does not.
        """
        events = [each for each in await self._log.of(ENTITY, row.story_id) if each.seq > row.seq]
        undone = {each.payload["of"] for each in events if each.type == "undone"}
        standing = [each for each in events if each.type != "undone" and each.seq not in undone]
        for each in standing:
            if each.type == "withdrawn":
                raise Conflict(WITHDRAWN_SINCE)
            if each.type not in HARMLESS:
                raise Conflict(DECIDED_SINCE)
        return events[-1].seq if events else row.seq, bool(standing)

    async def _deed_version(self, row: Row) -> int:
        """The deed's version up to which nothing has been done about it but stories added and taken out again."""
        assert row.deed_id is not None
        events = [each for each in await self._log.of(DEED, row.deed_id) if each.seq > row.deed_seq]
        taken_out = {each.payload["story_id"] for each in events if each.type == "story_taken_out"}
        stories = {"story_added", "story_taken_out"}
        mine = [each for each in events if each.type in stories and each.payload["story_id"] in taken_out]
        return events[-1].seq if events and len(mine) == len(events) else row.deed_seq

    async def _restore_in(self, tx: Transaction, row: Row, version: int, *, touched: bool) -> Story:
        before = dict(row.before)
        decision = before["decision"]
        fields = {"changed_since_decision": 1, "blind": 1, "cluster": 1, "decision.at": 1}
        now = await self._stories.find_one({"_id": row.story_id}, fields, session=tx.session) or {}
        taken = now["decision"]["at"] if row.what is What.DECIDED and now.get("decision") else None
        if taken is not None and await self._second_looks.is_settled_in(tx, row.story_id, taken):
            raise Conflict(DECIDED_SINCE)  # a third editor has confirmed it, which is no event of the story
        if touched and decision is not None:
            before["changed_since_decision"] = bool(now["changed_since_decision"])
        if before.pop("blind", None) is None and now.get("blind"):
            await self._tagging.unblind_in(tx, row.story_id, now.get("cluster"))  # it was drawn with what is undone
        if decision is not None:
            await self._second_looks.first_again_in(tx, row.story_id, DecisionRecord.model_validate(decision))
        said = decision or {}
        stands = ("kind", "category", "region", "disposition", "outcome", "deed")
        payload: Json = {"undoes": row.what.value, "of": row.seq, **{name: said.get(name) for name in stands}}
        return await self._tagging.change_in(tx, row.story_id, version, before, "undone", payload)

    async def _untie_in(self, tx: Transaction, row: Row) -> None:
        assert row.problem_id is not None
        assert row.report_id is not None
        book = self._problems.casebook
        problem = await book.read(tx, row.problem_id)
        events = await self._problems.history(problem)
        since = standing([each for each in events if each.seq > row.problem_seq])
        if row.what is What.EXPOSED:
            await book.write(tx, problem, unregister(row.number, since, row.report_id))
            if row.relapse_of is not None:
                former = await book.read(tx, row.relapse_of)
                await book.write(tx, former, take_relapse_back(former.number, former.case, row.problem_id))
            return
        ours = [each for each in events if row.problem_from < each.seq <= row.problem_seq]
        revoked = any(each.type == "revoked" for each in ours)
        earlier = fold([each for each in events if each.seq <= row.problem_from])
        await book.write(tx, problem, untie(row.number, problem.case, earlier, since, row.report_id, revoked=revoked))
