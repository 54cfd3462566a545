"""The audit trail of what people change about outlets, units and regions: ids, codes and numbers only."""

from __future__ import annotations

from bson import ObjectId

from media_tracker.accounts.documents import AuditAction
from media_tracker.web.visitor import Connection, actor, request_id, services


async def write_down(
    connection: Connection, action: AuditAction, subject: ObjectId | str | None, **detail: str | int | ObjectId
) -> None:
    """Add an entry on what the signed-in person has just done to ``subject``."""
    await services(connection).audit.write(
        action,
        actor=actor(connection).user_id,
        subject=subject,
        detail=detail,
        request_id=request_id(connection.scope),
    )
