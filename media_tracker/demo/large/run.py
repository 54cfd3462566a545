"""``media-tracker demo --size N``: a made-up campaign of N stories, and the web in front of it."""

from __future__ import annotations

from contextlib import AsyncExitStack

from media_tracker.db.embedded import EmbeddedServer
from media_tracker.demo.large.filling import Tell as Progress
from media_tracker.demo.large.filling import fill
from media_tracker.demo.large.scene import set_scene
from media_tracker.demo.removal import remove
from media_tracker.demo.run import STATUS, Tell, prepare, show_accounts, web_beside
from media_tracker.errors import N_, Conflict
from media_tracker.serve import check_free
from media_tracker.settings import Settings
from media_tracker.wiring import Services, open_services
from media_tracker.worker import Worker, stop_on_signals


async def run_large(
    settings: Settings, size: int, seed: int, host: str, port: int, *, serve: bool, tell: Tell, progress: Progress
) -> None:
    """Fill an empty system with ``size`` made-up stories and a tenth as many problems, and serve it if asked to.

    The same ``seed`` makes the same campaign on the same day.

    Raises:
        Conflict: the port is taken, or the database holds anything else.
    """
    if serve:
        check_free(host, port)
    stop = stop_on_signals()
    async with AsyncExitStack() as stack:
        uri = settings.mongodb_uri
        if uri is None:
            uri = (await stack.enter_async_context(EmbeddedServer(settings.data_dir))).uri
        services = await stack.enter_async_context(open_services(settings))
        await prepare(services, tell)
        await _fill(services, uri, size, seed, tell, progress)
        if serve:
            async with web_beside(settings, host, port):
                tell(f"Open http://{host}:{port}/  (Ctrl-C stops it)")
                await Worker(services).run(stop)


async def _fill(services: Services, uri: str, size: int, seed: int, tell: Tell, progress: Progress) -> None:
    status = services.database[STATUS]
    row = await status.find_one({"_id": "samples"})
    if row is not None and not row["loading"]:
        if (row.get("size"), row.get("seed")) != (size, seed):
            raise Conflict(N_("There are other samples here. Remove them first: media-tracker demo --remove"))
        tell("this campaign is in already; accounts keep their passwords")
        return
    await remove(services)  # what an interrupted start left behind
    loading = {"loading": True, "size": size, "seed": seed}
    await status.update_one({"_id": "samples"}, {"$set": loading}, upsert=True)
    now = services.clock().replace(minute=0, second=0, microsecond=0)
    today = now.astimezone(services.settings.zone).date()
    scene, cast = await set_scene(services, today)
    await fill(services, uri, scene, seed, size, now, progress)
    await status.update_one({"_id": "samples"}, {"$set": {"loading": False, "day": today.isoformat()}})
    show_accounts(cast, tell)
