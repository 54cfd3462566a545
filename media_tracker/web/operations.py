"""For probes and monitors: alive, ready, metrics; files."""

from __future__ import annotations

import hmac
from typing import Any

from litestar import HttpMethod, Request, Response, get, route
from litestar.enums import MediaType
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath
from litestar.response import Stream
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from pymongo.errors import PyMongoError

from media_tracker.accounts.actor import Role
from media_tracker.db.ids import parse_id
from media_tracker.deeds.pictures import PURPOSE as OF_DEEDS
from media_tracker.errors import N_, NotFound
from media_tracker.files.holding import Holding
from media_tracker.files.kept import FileMetadata
from media_tracker.problems.answers.draft_rules import may_see
from media_tracker.web.file_answer import file_answer
from media_tracker.web.guards import anyone, only, signed_in
from media_tracker.web.metrics import snapshot
from media_tracker.web.visitor import Connection, actor, services


@get("/healthz", guards=[anyone], media_type=MediaType.TEXT)
async def healthz() -> str:
    """The process lives."""
    return "ok\n"


@get("/readyz", guards=[anyone])
async def readyz(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    """200 when the database answers and has this release's migrations and indexes, else 503 with what is missing."""
    try:
        status = await services(request).migrator.status()
        loading = await request.app.state.sample_data.loading()
    except PyMongoError as error:
        return Response({"ready": False, "database": type(error).__name__}, status_code=503)
    missing: dict[str, Any] = {"migrations": list(status.pending), "indexes": list(status.missing_indexes)}
    if loading:
        missing["samples"] = "loading"  # “media-tracker demo” finishes it, “media-tracker demo --remove” undoes it
    ready = status.current and not loading
    return Response({"ready": ready, **missing}, status_code=200 if ready else 503)


def _token_or_admin(connection: Connection, handler: BaseRouteHandler) -> None:
    """The metrics token of the settings, or a signed-in admin."""
    token = services(connection).settings.metrics_token
    given = connection.headers.get("authorization", "").removeprefix("Bearer ")
    if token and hmac.compare_digest(token.encode(), given.encode()):
        return
    only(Role.ADMIN)(connection, handler)


@get("/metrics", guards=[_token_or_admin])
async def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Prometheus text format."""
    counted = CollectorRegistry()
    counted.register(await snapshot(services(request)))
    return Response(generate_latest() + generate_latest(counted), media_type=CONTENT_TYPE_LATEST)


@get("/files/{file_id:str}", guards=[signed_in])
async def file(request: Request[Any, Any, Any], file_id: FromPath[str]) -> Stream:
    """A photo or a document, to people with an account; one that belongs to nothing yet only to whose it is."""
    metadata, chunks = await services(request).files.open(parse_id(file_id))
    if metadata.purpose.startswith(OF_DEEDS) or (not metadata.attached and not await _is_theirs(request, metadata)):
        raise NotFound(N_("There is no such file."))
    return file_answer(metadata, chunks)


async def _is_theirs(request: Request[Any, Any, Any], metadata: FileMetadata) -> bool:
    """Whether a file that is not on record yet is the visitor's: their unit holds it, or nobody does and they sent it."""
    holder = await Holding(services(request).database).holder(metadata.id)
    if holder is not None:
        return may_see(holder, actor(request))
    return metadata.uploader == actor(request).user_id


@route("/{path:path}", http_method=[HttpMethod.GET, HttpMethod.POST], guards=[anyone])
async def nowhere(path: FromPath[str]) -> None:
    """Every other address: a route, so that the page that says so knows its visitor."""
    raise NotFound(N_("There is nothing at this address."))


ROUTES = [healthz, readyz, metrics, file, nowhere]
