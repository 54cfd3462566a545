"""The audit trail: who signed in or failed to, whose roles changed, what was exported and released."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from media_tracker.accounts.documents import AuditAction, AuditEvent
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database

COLLECTION = "audit"

Detail = Mapping[str, str | int | bool | ObjectId | Sequence[str | int | bool | ObjectId]]


class Audit:
    """Writes entries and reads the latest. Entries are never changed."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._entries = database[COLLECTION]
        self._clock = clock

    async def write(
        self,
        action: AuditAction,
        *,
        actor: ObjectId | None,
        subject: ObjectId | str | None,
        detail: Detail | None = None,
        request_id: str | None = None,
        session: AsyncClientSession | None = None,
    ) -> None:
        """Add an entry; with ``session`` it stands or falls with that transaction.

        ``detail`` holds ids, codes and numbers. A user name that nobody has is not written down: it may be a password
        typed into the wrong field.
        """
        await self._entries.insert_one(
            {
                "at": self._clock(),
                "action": action,
                "actor": actor,
                "subject": subject,
                "detail": dict(detail or {}),
                "request_id": request_id,
            },
            session=session,
        )

    async def latest(self, limit: int = 100, *, subject: ObjectId | str | None = None) -> list[AuditEvent]:
        """The newest entries first; with ``subject`` only those on it."""
        query = {} if subject is None else {"subject": subject}
        return await AuditEvent.find(query).sort("-at", "-_id").limit(limit).to_list()
