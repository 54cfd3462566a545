"""Everything put together, for the web, the worker, the command line and the tests."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from media_tracker import __version__
from media_tracker.accounts.passwords import Passwords
from media_tracker.db.clock import Clock, system_clock
from media_tracker.db.connection import Database, open_database
from media_tracker.db.embedded import EmbeddedServer
from media_tracker.ingest.reading import InProcesses, InThreads, Runner
from media_tracker.ingest.service import Chance
from media_tracker.ingest.words import StoryWords
from media_tracker.net.fetch import Fetcher, user_agent
from media_tracker.pipeline import Pipeline
from media_tracker.settings import Settings
from media_tracker.wiring.desk import DeskServices, desk_services
from media_tracker.wiring.figures import FigureServices, figure_services
from media_tracker.wiring.ground import Ground, lay_ground
from media_tracker.wiring.news import NewsServices, news_services
from media_tracker.wiring.problems import ProblemServices, problem_services
from media_tracker.wiring.schema import bind_documents
from media_tracker.wiring.stories import StoryServices, story_services


@dataclass(frozen=True, kw_only=True)
class Services(Ground, StoryServices, ProblemServices, DeskServices, FigureServices, NewsServices):
    """Every service of the program, on one database."""

    pipeline: Pipeline


def open_fetcher(settings: Settings) -> Fetcher:
    """The way out, as the settings have it; to be entered."""
    return Fetcher(
        user_agent=user_agent(__version__, settings.contact),
        allow=settings.fetch_exceptions,
        host_gap=settings.host_gap,
    )


@asynccontextmanager
async def open_services(
    settings: Settings, clock: Clock = system_clock, *, processes: int = 0
) -> AsyncIterator[Services]:
    """Reach the database (starting the embedded server where no other is named), and put everything together.

    ``processes``: how many read documents beside this one; 0: threads do.

    Raises:
        NotReady: there is no database to be had; the sentence says what to do.
    """
    async with AsyncExitStack() as stack:
        uri = settings.mongodb_uri
        if uri is None:
            uri = (await stack.enter_async_context(EmbeddedServer(settings.data_dir))).uri
        database = await stack.enter_async_context(open_database(uri, settings.database))
        await bind_documents(database)
        fetcher = await stack.enter_async_context(open_fetcher(settings))
        runner = InProcesses(processes) if processes else None
        if runner is not None:
            stack.push_async_callback(runner.close)
        services = assemble(settings, database, fetcher, clock, runner=runner)
        stack.push_async_callback(services.ingest.finish)
        yield services


def assemble(
    settings: Settings,
    database: Database,
    fetcher: Fetcher,
    clock: Clock,
    passwords: Passwords | None = None,
    runner: Runner | None = None,
    chance: Chance = random.random,
) -> Services:
    """Everything on ``database``. Beanie must have been initialised with ``DOCUMENTS``. ``runner``: what reads documents."""
    ground = lay_ground(settings, database, clock, passwords)
    told = story_services(ground, fetcher, runner or InThreads(), chance)
    problems = problem_services(ground, told.stories)
    followers = [told.tagging.consumer(), problems.relinking.consumer()]
    return Services(
        **vars(ground),
        **vars(told),
        **vars(problems),
        **vars(desk_services(ground, told, problems.problems)),
        **vars(figure_services(ground)),
        **vars(news_services(ground)),
        pipeline=Pipeline(ground.consuming, followers, [StoryWords(database).bind]),
    )
