"""One change, one transaction: the documents and the events that tell of them are written together or not at all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from media_tracker.db.connection import Database
from media_tracker.db.events import EventLog, NewEvent, Origin

T = TypeVar("T")


class Transaction:
    """What a piece of work gets: the session to write through, and a place to record events.

    Every read and write of the work must pass ``session=tx.session``; one that does not is outside the transaction.
    """

    def __init__(self, session: AsyncClientSession, origin: Origin) -> None:
        self.session = session
        self.origin = origin
        self.recorded: list[NewEvent] = []

    def record(self, *events: NewEvent) -> None:
        """Have ``events`` written with this transaction, in this order."""
        self.recorded.extend(events)


class Transactor:
    """Runs work in transactions and writes the events that it recorded."""

    def __init__(self, database: Database, log: EventLog) -> None:
        self._database = database
        self._log = log

    async def run(self, work: Callable[[Transaction], Awaitable[T]], origin: Origin) -> T:
        """Run ``work`` in a transaction, as often as transient conflicts ask for, and commit it with its events.

        ``work`` may run several times: it must only change the database, and only through ``tx.session``. An exception from
        it aborts everything; a duplicate key is not transient and comes out as it is.
        """
        lost: list[int] = []
        held = range(0)  # positions of the attempt that is under way

        async def attempt(session: AsyncClientSession) -> T:
            nonlocal held
            lost.extend(held)
            held = range(0)
            transaction = Transaction(session, origin)
            result = await work(transaction)
            if transaction.recorded:
                held = await self._log.draw(len(transaction.recorded))
                await self._log.append(session, held, transaction.recorded, origin)
            return result

        stands = False  # the positions held last have their events, or may have
        try:
            async with self._database.client.start_session() as session:
                result = await session.with_transaction(
                    attempt,
                    read_concern=ReadConcern("snapshot"),
                    write_concern=WriteConcern("majority"),
                )
            stands = True
            return result
        except PyMongoError as error:
            # Nobody knows whether it was committed: the reader of the log will find out.
            stands = error.has_error_label("UnknownTransactionCommitResult")
            raise
        finally:
            await self._log.void(lost if stands else [*lost, *held])
