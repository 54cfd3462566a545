"""The audit trail of what people change about outlets, units and regions: ids, codes and numbers only."""

from __future__ import annotations

from collections.abc import Mapping

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from media_tracker.accounts.documents import AuditAction
from media_tracker.web.visitor import Connection, actor, request_id, services


async def write_down(
    connection: Connection, action: AuditAction, subject: ObjectId | str | None, **detail: str | int | ObjectId
) -> None:
    """Add an entry on what the signed-in person has just done to ``subject``."""
    await _write(connection, action, subject, detail)


async def write_down_in(
    session: AsyncClientSession,
    connection: Connection,
    action: AuditAction,
    subject: ObjectId | str | None,
    **detail: str | int | ObjectId,
) -> None:
    """The same within the transaction of ``session``: the change and the entry are written together or not at all."""
    await _write(connection, action, subject, detail, session)


async def _write(
    connection: Connection,
    action: AuditAction,
    subject: ObjectId | str | None,
    detail: Mapping[str, str | int | ObjectId],
    session: AsyncClientSession | None = None,
) -> None:
    await services(connection).audit.write(
        action,
        actor=actor(connection).user_id,
        subject=subject,
        detail=detail,
        request_id=request_id(connection.scope),
        session=session,
    )
