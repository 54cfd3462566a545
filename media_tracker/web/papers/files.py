"""Word documents as answers: filled in beside the event loop, written down in the audit trail, sent as files."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from litestar import Request, Response

from media_tracker.accounts.documents import AuditAction
from media_tracker.errors import N_, Conflict, MediaTrackerError
from media_tracker.papers.apart import run_apart
from media_tracker.papers.own_templates import Template
from media_tracker.papers.shipped import Paper
from media_tracker.papers.word import CONTENT_TYPE, as_values, fill
from media_tracker.web.i18n import current_locale
from media_tracker.web.visitor import actor, request_id, services
from media_tracker.wiring import Services

AT_ONCE = asyncio.Semaphore(2)
"""Documents that one process makes at the same time: each may hold a hundred megabytes while it does."""


async def word_file(
    request: Request[Any, Any, Any], paper: Paper, context: Mapping[str, object], *, subject: str, name: str, rows: int
) -> Response[bytes]:
    """``paper`` filled with ``context``, as a file called ``name``. That it left the house, with so many problems, is
    written down under ``subject``.

    Raises:
        Conflict: the office's own template cannot be filled in.
    """
    room = services(request)
    content = await filled(room, paper, current_locale(), context)
    await room.audit.write(
        AuditAction.EXPORTED,
        actor=actor(request).user_id,
        subject=subject,
        detail={"rows": rows},
        request_id=request_id(request.scope),
    )
    plain = name.encode("ascii", "ignore").decode() or paper.value
    disposition = f"attachment; filename=\"{plain}.docx\"; filename*=UTF-8''{quote(name)}.docx"
    return Response(content, media_type=CONTENT_TYPE, headers={"content-disposition": disposition})


async def filled(room: Services, paper: Paper, language: str, context: Mapping[str, object]) -> bytes:
    """The document that the template of ``paper`` in ``language`` makes of ``context``. Raises ``Conflict`` as ``word_file``."""
    template = await room.own_templates.used(paper, language)
    async with AT_ONCE:
        return await _filled(template, {key: as_values(value) for key, value in context.items()})


async def _filled(template: Template, context: Mapping[str, object]) -> bytes:
    if not template.own:
        return await asyncio.to_thread(fill, template.data, context)
    try:
        return await run_apart(fill, template.data, context)
    except MediaTrackerError:
        raise
    except Exception as error:  # somebody else's template: anything in the libraries may come out
        raise Conflict(
            N_(
                "This office's own template cannot be filled in here. An administrator can go back to the one that came along."
            )
        ) from error
