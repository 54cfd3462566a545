"""Running a command: its services, its errors as sentences and exit codes, in the terminal's language."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import click
from pydantic import ValidationError
from pymongo.errors import PyMongoError

from media_tracker.errors import N_, MediaTrackerError, NotReady
from media_tracker.logs import configure
from media_tracker.settings import Settings
from media_tracker.web.i18n import Catalogue
from media_tracker.wiring import Services, open_services

P = ParamSpec("P")
T = TypeVar("T")


def _locale() -> str:
    """The language of a terminal that says it is Chinese; else English."""
    spoken = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "zh_CN" if spoken.lower().startswith("zh") else "en"


def explained(error: MediaTrackerError) -> str:
    """The sentence of an error, in the terminal's language."""
    return Catalogue.load().explain(error, _locale())


def command(function: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """Run an async command. An error becomes its sentence and exit code 1; never a traceback."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return told(lambda: asyncio.run(function(*args, **kwargs)))

    return run


def told(work: Callable[[], T]) -> T:
    """Do ``work``; end the process with a sentence if it fails."""
    try:
        return work()
    except MediaTrackerError as error:
        click.echo(explained(error), err=True)
        for name, sentence in getattr(error, "fields", {}).items():
            click.echo(f"  {name}: {Catalogue.load().translate(sentence, _locale())}", err=True)
        sys.exit(1)
    except ValidationError as error:
        for each in error.errors():
            click.echo(f"{'.'.join(map(str, each['loc']))}: {each['msg']}", err=True)
        sys.exit(1)
    except PyMongoError as error:
        lost = NotReady(N_("The database did not answer as it should ({reason}). Nothing was half done; try again."))
        lost.params["reason"] = type(error).__name__
        click.echo(explained(lost), err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


async def with_services(work: Callable[[Services], Awaitable[T]], *, migrated: bool = True, processes: int = 0) -> T:
    """Do ``work`` with all services; ``migrated``: only on a database that this release can work with.

    ``processes``: how many read documents beside this one.
    """
    settings = Settings()
    configure(settings.log_format)
    async with open_services(settings, processes=processes) as services:
        if migrated and not (await services.migrator.status()).current:
            raise NotReady(N_("The database is not prepared for this release. Run: media-tracker db migrate"))
        return await work(services)
