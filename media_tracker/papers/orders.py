"""Orders that hand problems to units: made once for each assignment, numbered, kept. The only writer of orders."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from media_tracker.accounts.actor import Actor
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.counters import COLLECTION as COUNTERS
from media_tracker.db.events import NewEvent, Origin
from media_tracker.db.ids import parse_id
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import N_, Conflict, InvalidInput, NotFound
from media_tracker.ingest.stories import Stories
from media_tracker.papers.documents import Basis, DispatchOrder, Exposed, OrderLine
from media_tracker.papers.order_rules import (
    MOST_PROBLEMS,
    Assigned,
    check_may_have_order,
    key_of,
    standing_assignment,
)
from media_tracker.places.responsibility import Responsibility
from media_tracker.problems.documents import Problem
from media_tracker.problems.service import Problems

ENTITY = "order"
TRIES = 5


class Orders:
    """Makes orders and finds them again."""

    def __init__(
        self,
        database: Database,
        transactor: Transactor,
        problems: Problems,
        stories: Stories,
        clock: Clock,
        zone: ZoneInfo,
    ) -> None:
        self._orders = database[DispatchOrder.Settings.name]
        self._counters = database[COUNTERS]
        self._transactor = transactor
        self._problems = problems
        self._stories = stories
        self._tables = problems.tables
        self._clock = clock
        self._zone = zone

    async def get(self, order_id: str, who: Actor) -> DispatchOrder:
        """The order with this id.

        Raises:
            NotFound: there is none.
            Forbidden: it is for another unit.
        """
        row = await self._orders.find_one({"_id": parse_id(order_id)})
        if row is None:
            raise NotFound(N_("There is no such order."))
        order = _order(row)
        check_may_have_order(who, (order.unit_id, *order.co_unit_ids))
        return order

    async def standing(self, number: str, who: Actor) -> DispatchOrder | None:
        """The order of the assignment that stands; None where none has been made. Draws no number.

        Raises:
            NotFound: there is no such problem.
            Conflict: it is with no unit at present.
            Forbidden: it is with another unit.
        """
        problem = await self._problems.get(number)
        given = standing_assignment(problem.number, problem.case, await self._problems.history(problem))
        check_may_have_order(who, (given.unit_id, *given.co_unit_ids))
        known = await self._orders.find_one({"key": key_of([(problem.case.id, given.seq)])})
        return _order(known) if known is not None else None

    async def of_problem(self, number: str, who: Actor, origin: Origin) -> DispatchOrder:
        """The order of the assignment that stands; made, and its number drawn, when somebody asks for it first.

        Raises:
            NotFound: there is no such problem.
            Conflict: it is with no unit at present.
            Forbidden: it is with another unit.
        """
        return await self._order([await self._problems.get(number)], who, origin)

    async def of_several(self, numbers: Sequence[str], who: Actor, origin: Origin) -> DispatchOrder:
        """One order for several problems of one unit; for the same assignments always the same.

        Raises:
            InvalidInput: none, too many, or not all of one unit.
            NotFound, Conflict, Forbidden: as ``of_problem``.
        """
        wanted = list(dict.fromkeys(numbers))
        if not 0 < len(wanted) <= MOST_PROBLEMS:
            sentence = N_("An order is for 1 to {most} problems.")
            raise InvalidInput(sentence, {"numbers": sentence}, most=MOST_PROBLEMS)
        return await self._order([await self._problems.get(number) for number in wanted], who, origin)

    async def all_of(self, problem_ids: Sequence[ObjectId]) -> list[DispatchOrder]:
        """Every order in which one of these problems stands, oldest first."""
        cursor = self._orders.find({"lines.problem_id": {"$in": list(problem_ids)}})
        return [_order(row) async for row in cursor.sort([("year", 1), ("serial", 1)])]

    async def _order(self, problems: Sequence[Problem], who: Actor, origin: Origin) -> DispatchOrder:
        given = [standing_assignment(each.number, each.case, await self._problems.history(each)) for each in problems]
        first = given[0]
        if any(each.unit_id != first.unit_id for each in given):
            sentence = N_("An order is for one unit, and these problems are with several.")
            raise InvalidInput(sentence, {"numbers": sentence})
        co_units = list(dict.fromkeys(unit for each in given for unit in each.co_unit_ids))
        check_may_have_order(who, (first.unit_id, *co_units))
        key = key_of([(problem.case.id, each.seq) for problem, each in zip(problems, given, strict=True)])
        known = await self._orders.find_one({"key": key})
        if known is not None:
            return _order(known)
        lines = [await self._line(problem, each) for problem, each in zip(problems, given, strict=True)]
        return await self._issue(key, first.unit_id, co_units, lines, who, origin)

    async def _issue(
        self,
        key: str,
        unit_id: ObjectId,
        co_units: list[ObjectId],
        lines: list[OrderLine],
        who: Actor,
        origin: Origin,
    ) -> DispatchOrder:
        """Give the order its number. Who asks at the same time gets the same order: the counter lets one after the other in."""
        now = self._clock()
        year = now.astimezone(self._zone).year

        async def work(tx: Transaction) -> DispatchOrder:
            known = await self._orders.find_one({"key": key}, session=tx.session)
            if known is not None:
                return _order(known)
            # Drawn within the transaction, unlike other numbers: a register of orders must have no gaps.
            counter = await self._counters.find_one_and_update(
                {"_id": f"{ENTITY}:{year}"},
                {"$inc": {"value": 1}},
                upsert=True,
                return_document=ReturnDocument.AFTER,
                session=tx.session,
            )
            assert counter is not None  # an upsert that returns the document after it always finds one
            order_id = ObjectId()
            order = DispatchOrder(
                id=order_id,
                year=year,
                serial=int(counter["value"]),
                key=key,
                unit_id=unit_id,
                co_unit_ids=co_units,
                lines=lines,
                issued_at=now,
                issued_by=who.user_id,
            )
            row = order.model_dump(by_alias=True, exclude={"revision_id"})
            row["_id"] = order_id
            row.pop("id", None)
            await self._orders.insert_one(row, session=tx.session)
            tx.record(NewEvent(ENTITY, order_id, 1, "issued", now, _facts(order)))
            return order

        for _ in range(TRIES - 1):
            try:
                return await self._transactor.run(work, origin)
            except DuplicateKeyError:  # somebody was faster by a hair; the next look finds what they made
                continue
        try:
            return await self._transactor.run(work, origin)
        except DuplicateKeyError as error:
            raise Conflict(N_("Somebody else was faster. Load the page again and repeat your change.")) from error

    async def _line(self, problem: Problem, given: Assigned) -> OrderLine:
        case = given.case
        stories = await self._stories.many(each.story_id for each in case.exposures if each.story_id is not None)
        proposal = await self._tables.proposal(case.category, case.region, given.at, case.former_unit_ids)
        return OrderLine(
            problem_id=problem.case.id,
            number=problem.number,
            seq=given.seq,
            assigned_at=given.at,
            assigned_by=given.by,
            category=case.category,
            region=case.region,
            severity=case.severity.value,
            due_at=given.due_at,
            basis=_basis(proposal.row if proposal.lead == given.unit_id else None),
            exposures=[
                Exposed(
                    story_id=each.story_id,
                    outlet_id=each.outlet_id,
                    occurred_at=each.occurred_at,
                    photos=stories[each.story_id].attachments if each.story_id in stories else [],
                )
                for each in case.exposures
            ],
            title=problem.title,
            place=problem.place,
        )


def _basis(row: Responsibility | None) -> Basis | None:
    if row is None:
        return None
    return Basis(row_id=row.id, category=row.category, region=row.region, valid_from=row.valid_from.isoformat())


def _facts(order: DispatchOrder) -> Json:
    """What the event says: ids and numbers, no words."""
    return {
        "year": order.year,
        "serial": order.serial,
        "unit_id": order.unit_id,
        "co_unit_ids": list(order.co_unit_ids),
        "lines": [{"problem_id": line.problem_id, "seq": line.seq, "due_at": line.due_at} for line in order.lines],
    }


def _order(row: Json) -> DispatchOrder:
    found: DispatchOrder = DispatchOrder.model_validate(row)
    return found
