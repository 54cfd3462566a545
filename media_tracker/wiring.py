"""The one place where everything is put together, for the web, the worker, the command line and the tests."""

from __future__ import annotations

import contextlib
import os
import random
import secrets
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile

from beanie import Document, init_beanie
from pymongo import IndexModel

from media_tracker import __version__
from media_tracker.accounts import sessions as session_store
from media_tracker.accounts import throttle, tokens, visits
from media_tracker.accounts.actor import Level
from media_tracker.accounts.audit import Audit
from media_tracker.accounts.documents import AuditEvent, User
from media_tracker.accounts.passwords import Passwords
from media_tracker.accounts.sealing import Seal
from media_tracker.accounts.service import Accounts
from media_tracker.accounts.sessions import Sessions
from media_tracker.accounts.throttle import Throttle
from media_tracker.accounts.tokens import Tokens
from media_tracker.accounts.visits import Visits
from media_tracker.db import events
from media_tracker.db.clock import Clock, system_clock
from media_tracker.db.connection import Database, open_database
from media_tracker.db.consumers import ConsumerRunner
from media_tracker.db.embedded import EmbeddedServer
from media_tracker.db.events import EventLog
from media_tracker.db.migrations import Migrator
from media_tracker.db.transactions import Transactor
from media_tracker.deeds import leads as deed_leads
from media_tracker.deeds.documents import GoodDeed
from media_tracker.deeds.leads import Leads
from media_tracker.deeds.service import Deeds
from media_tracker.deeds.words import NominationWords
from media_tracker.deeds.work import DeedWork
from media_tracker.desk import bulk_accept, saved_queues, second_look
from media_tracker.desk import done as desk_done_rows
from media_tracker.desk import story_claims as desk_claims
from media_tracker.desk.bulk_accept import BulkAccept
from media_tracker.desk.done import Done
from media_tracker.desk.quality import Quality
from media_tracker.desk.queue import Queue
from media_tracker.desk.saved_queues import SavedQueues
from media_tracker.desk.second_look import SecondLooks
from media_tracker.desk.service import Desk
from media_tracker.desk.settling import Settling
from media_tracker.desk.snoozing import Snoozing
from media_tracker.desk.story_claims import StoryClaims
from media_tracker.desk.undoing import Undoing
from media_tracker.desk.untied import Untied
from media_tracker.files import store
from media_tracker.files.store import FileStore
from media_tracker.ingest import claims, sheet_drafts, websub_documents
from media_tracker.ingest.articles import Articles
from media_tracker.ingest.claims import Claims
from media_tracker.ingest.documents import FeedLog, Story
from media_tracker.ingest.formats import StoryFormats
from media_tracker.ingest.handing_in import HandingIn
from media_tracker.ingest.pasted import Pasted
from media_tracker.ingest.reading import InProcesses, InThreads, Runner
from media_tracker.ingest.service import Chance, Ingest
from media_tracker.ingest.sheet_drafts import SheetDrafts
from media_tracker.ingest.stories import Stories
from media_tracker.ingest.websub import WebSub
from media_tracker.ingest.words import StoryWords
from media_tracker.mail import outbox as mail_outbox
from media_tracker.mail.carriers import carrier_for
from media_tracker.mail.letters import Sender
from media_tracker.mail.outbox import Outbox
from media_tracker.migrations import MIGRATIONS
from media_tracker.monitor import export_jobs, gathering, ledger, legacy, milestones
from media_tracker.monitor import schedules as mail_schedules
from media_tracker.monitor.bulletins import Bulletins
from media_tracker.monitor.documents import BULLETIN_INDEXES, Bulletin, Release, ReleaseRow
from media_tracker.monitor.export_jobs import ExportJobs
from media_tracker.monitor.following import Following
from media_tracker.monitor.legacy import LegacyFigures
from media_tracker.monitor.milestones import Milestones
from media_tracker.monitor.releases import Releases
from media_tracker.monitor.schedules import Schedules
from media_tracker.monitor.service import Monitor
from media_tracker.monitor.standings import Standings
from media_tracker.net.fetch import Fetcher, user_agent
from media_tracker.notices import documents as notice_documents
from media_tracker.notices.notifier import Notifier
from media_tracker.notices.posting import Posting
from media_tracker.notices.service import Notices
from media_tracker.outlets.by_hand import ByHand
from media_tracker.outlets.documents import Feed, Outlet, Project
from media_tracker.outlets.project_keeping import ProjectKeeping
from media_tracker.outlets.service import Outlets
from media_tracker.papers import own_templates as paper_templates
from media_tracker.papers.casefile import Casefiles
from media_tracker.papers.documents import DispatchOrder
from media_tracker.papers.orders import Orders
from media_tracker.papers.own_templates import OwnTemplates
from media_tracker.pipeline import Pipeline
from media_tracker.places import responsibility_rows
from media_tracker.places.documents import BackingDocument, RegionDocument, ResponsibilityDocument, UnitDocument
from media_tracker.places.responsibility_import import Responsibilities
from media_tracker.places.responsibility_rows import ResponsibilityRows
from media_tracker.places.service import Places
from media_tracker.problems import arriving
from media_tracker.problems.afterwards.revisits_list import Revisits
from media_tracker.problems.afterwards.work import LookBacks
from media_tracker.problems.answers import drafts, errands
from media_tracker.problems.answers.drafts import Drafts
from media_tracker.problems.answers.errands import Errands
from media_tracker.problems.clocks.keeping import ClockKeeping
from media_tracker.problems.documents import Problem
from media_tracker.problems.evidence.service import Evidence
from media_tracker.problems.finding import bulk, saved_views
from media_tracker.problems.finding.bulk import BulkSteps
from media_tracker.problems.finding.saved_views import SavedViews
from media_tracker.problems.linking import links
from media_tracker.problems.linking.relinking import Relinking
from media_tracker.problems.lists.importing import ListImport
from media_tracker.problems.objections import service as objections
from media_tracker.problems.objections.service import Objections
from media_tracker.problems.regrouping.service import Regrouping
from media_tracker.problems.service import Problems
from media_tracker.settings import Settings
from media_tracker.tagging import versions as model_versions
from media_tracker.tagging.learner import InItsOwnProcess, Learner
from media_tracker.tagging.rule_book import RuleBook
from media_tracker.tagging.service import Tagging
from media_tracker.tagging.source import SuggesterSource
from media_tracker.tagging.trial import Trials
from media_tracker.tagging.versions import Versions
from media_tracker.taxonomy.documents import CategoryDocument
from media_tracker.taxonomy.service import Taxonomy

NOBODYS_ADDRESS = "media-tracker@localhost"
"""From whom letters come that no server takes: they go to files."""

DOCUMENTS: Sequence[type[Document]] = (
    AuditEvent,
    BackingDocument,
    Bulletin,
    CategoryDocument,
    DispatchOrder,
    Feed,
    FeedLog,
    GoodDeed,
    Outlet,
    Problem,
    Project,
    RegionDocument,
    Release,
    ReleaseRow,
    ResponsibilityDocument,
    Story,
    UnitDocument,
    User,
)


def _indexes() -> dict[str, Sequence[IndexModel]]:
    declared: dict[str, Sequence[IndexModel]] = {
        document.Settings.name: document.Settings.indexes for document in DOCUMENTS
    }
    declared |= {**ledger.INDEXES, events.COLLECTION: [*events.INDEXES, *gathering.EVENT_INDEXES]}
    declared |= {session_store.COLLECTION: session_store.INDEXES}
    declared |= {throttle.COLLECTION: throttle.INDEXES, websub_documents.COLLECTION: websub_documents.INDEXES}
    declared |= {tokens.COLLECTION: tokens.INDEXES, tokens.CALLS: tokens.CALL_INDEXES}
    declared |= {sheet_drafts.COLLECTION: sheet_drafts.INDEXES}
    declared |= {responsibility_rows.COLLECTION: responsibility_rows.INDEXES}
    declared |= {links.COLLECTION: links.INDEXES, **arriving.INDEXES}
    declared |= {saved_views.COLLECTION: saved_views.INDEXES, bulk.COLLECTION: bulk.INDEXES}
    declared |= {drafts.COLLECTION: drafts.INDEXES, errands.COLLECTION: errands.INDEXES, **objections.INDEXES}
    declared |= {legacy.COLLECTION: legacy.INDEXES}
    declared |= {visits.COLLECTION: visits.INDEXES, **deed_leads.INDEXES}
    declared |= {desk_claims.COLLECTION: desk_claims.INDEXES, desk_done_rows.COLLECTION: desk_done_rows.INDEXES}
    declared |= {bulk_accept.COLLECTION: bulk_accept.INDEXES, saved_queues.COLLECTION: saved_queues.INDEXES}
    declared |= {second_look.COLLECTION: second_look.INDEXES}
    declared |= {mail_outbox.COLLECTION: mail_outbox.INDEXES, **notice_documents.INDEXES}
    declared |= {paper_templates.COLLECTION: paper_templates.INDEXES, **BULLETIN_INDEXES}
    declared |= {**export_jobs.INDEXES, mail_schedules.COLLECTION: mail_schedules.INDEXES}
    declared |= {milestones.COLLECTION: milestones.INDEXES}
    return {**declared, **store.INDEXES, **claims.INDEXES, **model_versions.INDEXES}


INDEXES: Mapping[str, Sequence[IndexModel]] = _indexes()
"""Every index that this release needs, by collection; ``db migrate`` builds those that are missing."""


@dataclass(frozen=True, slots=True)
class Services:
    """Every service of the program, on one database."""

    settings: Settings
    clock: Clock
    database: Database
    log: EventLog
    migrator: Migrator
    files: FileStore
    places: Places
    responsibilities: Responsibilities
    responsibility_rows: ResponsibilityRows
    taxonomy: Taxonomy
    accounts: Accounts
    sessions: Sessions
    audit: Audit
    outlets: Outlets
    project_keeping: ProjectKeeping
    story_formats: StoryFormats
    fetcher: Fetcher
    ingest: Ingest
    by_hand: ByHand
    handing_in: HandingIn
    pasted: Pasted
    reading: Runner
    sheet_drafts: SheetDrafts
    tokens: Tokens
    articles: Articles
    websub: WebSub
    stories: Stories
    tagging: Tagging
    rules: RuleBook
    trials: Trials
    versions: Versions
    learner: Learner
    problems: Problems
    regrouping: Regrouping
    clock_keeping: ClockKeeping
    look_backs: LookBacks
    evidence: Evidence
    revisits: Revisits
    list_import: ListImport
    orders: Orders
    casefiles: Casefiles
    own_templates: OwnTemplates
    saved_views: SavedViews
    bulk_steps: BulkSteps
    drafts: Drafts
    errands: Errands
    objections: Objections
    visits: Visits
    deeds: Deeds
    deed_work: DeedWork
    nomination_words: NominationWords
    leads: Leads
    desk: Desk
    story_claims: StoryClaims
    queue: Queue
    snoozing: Snoozing
    undoing: Undoing
    bulk_accept: BulkAccept
    saved_queues: SavedQueues
    second_looks: SecondLooks
    quality: Quality
    settling: Settling
    untied: Untied
    counting: Following
    monitor: Monitor
    milestones: Milestones
    legacy_figures: LegacyFigures
    standings: Standings
    releases: Releases
    bulletins: Bulletins
    export_jobs: ExportJobs
    schedules: Schedules
    pipeline: Pipeline
    notices: Notices
    notifier: Notifier
    posting: Posting
    outbox: Outbox
    owner: str


async def bind_documents(database: Database) -> None:
    """Have the document classes work on ``database``. Indexes are for ``db migrate``."""
    await init_beanie(database=database, document_models=list(DOCUMENTS), skip_indexes=True)


def process_name() -> str:
    """A name for this process in leases: machine, process, and a random part, since numbers of processes come again."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


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
    zone, owner = settings.zone, process_name()
    log = EventLog(database, clock)
    transactor = Transactor(database, log)
    files, places, taxonomy = FileStore(database, clock), Places(database, clock), Taxonomy(database, clock)
    audit = Audit(database, clock)
    sessions = Sessions(
        database,
        clock,
        idle=timedelta(minutes=settings.session_idle_minutes),
        absolute=timedelta(hours=settings.session_hours),
    )
    accounts = Accounts(
        database,
        clock,
        transactor,
        passwords=passwords or Passwords(),
        sessions=sessions,
        throttle=Throttle(database, clock),
        audit=audit,
    )
    reading = runner or InThreads()
    claiming = Claims(database, clock, owner, settings.host_gap)
    ingest = Ingest(database, transactor, fetcher, clock, zone, claiming, reading, chance)
    by_hand = ByHand(database)
    stories = Stories(database)
    rules, versions = RuleBook(database, clock), Versions(database, clock)
    suggesters = SuggesterSource(places, taxonomy, rules, versions, clock)
    tagging = Tagging(database, places, suggesters, clock, transactor)
    problems = Problems(database, log, transactor, places, taxonomy, files, clock, zone)
    orders = Orders(database, transactor, problems, stories, clock, zone)
    deeds = Deeds(database, places, clock, zone)
    responsibilities = Responsibilities(database, transactor, places, taxonomy, clock)
    answer_drafts = Drafts(database, transactor, problems, files, clock)
    contacts = Seal(lambda: secret_key(settings), "objection contacts")
    callers = Seal(lambda: secret_key(settings), "lead callers")
    second_looks = SecondLooks(database, transactor, tagging, places, taxonomy, clock, lambda: secret_key(settings))
    story_claims, desk_done = StoryClaims(database, audit, clock), Done(database, clock)
    desk = Desk(
        *(database, transactor, stories, tagging, problems, deeds, places, taxonomy, clock, second_looks),
        claims=story_claims,
        done=desk_done,
    )
    snoozing = Snoozing(database, transactor, stories, tagging, story_claims, desk_done, clock)
    undoing = Undoing(database, log, transactor, tagging, problems, story_claims, desk_done, clock)
    consuming = ConsumerRunner(database, log, clock, owner)
    level = Level(settings.level)
    counting = Following(database, log, transactor, consuming, places, taxonomy, clock, level, zone)
    monitor = Monitor(database, counting, clock, level, zone)
    releases = Releases(database, transactor, monitor, places, clock)
    relinking = Relinking(database, transactor, links.Links(database, taxonomy, zone))
    carrier = carrier_for(settings.mail_server, settings.mail_from, settings.data_dir / "mail")
    sender = Sender(settings.mail_from or NOBODYS_ADDRESS, settings.office_name)
    outbox = Outbox(database, clock, owner, carrier, sender, accounts.reachable)
    return Services(
        settings=settings,
        clock=clock,
        database=database,
        log=log,
        migrator=Migrator(database, clock, MIGRATIONS, INDEXES, owner),
        files=files,
        places=places,
        responsibilities=responsibilities,
        responsibility_rows=ResponsibilityRows(database, transactor, responsibilities, places, taxonomy, clock),
        taxonomy=taxonomy,
        accounts=accounts,
        sessions=sessions,
        audit=audit,
        outlets=Outlets(database, clock),
        project_keeping=ProjectKeeping(database),
        story_formats=StoryFormats(database, transactor, clock),
        fetcher=fetcher,
        articles=Articles(database, transactor, fetcher, claiming, clock, zone, reading),
        websub=WebSub(database, fetcher, clock, settings.public_url),
        ingest=ingest,
        by_hand=by_hand,
        handing_in=HandingIn(database, transactor, by_hand, ingest, files, clock),
        pasted=Pasted(fetcher, reading, clock, zone),
        reading=reading,
        sheet_drafts=SheetDrafts(database, clock),
        tokens=Tokens(database, transactor, clock),
        stories=stories,
        tagging=tagging,
        rules=rules,
        trials=Trials(database, suggesters),
        versions=versions,
        learner=Learner(database, versions, suggesters, audit, clock, owner, settings.learn_after, InItsOwnProcess()),
        problems=problems,
        regrouping=Regrouping(database, transactor, problems.casebook, problems.tables, clock),
        clock_keeping=ClockKeeping(database, taxonomy, clock, zone),
        look_backs=LookBacks(database, transactor, problems, problems.casebook, files, clock),
        revisits=Revisits(database),
        evidence=Evidence(database, transactor, problems.casebook, files, audit),
        saved_views=SavedViews(database, clock),
        bulk_steps=BulkSteps(database, problems, clock),
        orders=orders,
        casefiles=Casefiles(database, problems, stories, files, orders),
        own_templates=OwnTemplates(database, clock),
        list_import=ListImport(database, transactor, places, taxonomy, clock, zone, owner),
        drafts=answer_drafts,
        errands=Errands(database, transactor, problems.casebook, answer_drafts, places, clock),
        objections=Objections(database, transactor, problems.casebook, audit, contacts, clock, zone),
        visits=Visits(database, clock),
        deeds=deeds,
        deed_work=DeedWork(database, transactor, deeds, files, clock, zone),
        nomination_words=NominationWords(database, transactor, audit),
        leads=Leads(database, transactor, audit, callers, clock, zone, settings.lead_callers_days),
        desk=desk,
        story_claims=story_claims,
        queue=Queue(database, story_claims, snoozing, clock),
        snoozing=snoozing,
        undoing=undoing,
        bulk_accept=BulkAccept(database, desk, undoing, desk_done, rules, clock, owner),
        saved_queues=SavedQueues(database, clock),
        second_looks=second_looks,
        quality=Quality(database, second_looks),
        settling=Settling(transactor, second_looks, desk, tagging, stories, clock),
        untied=Untied(database, desk, taxonomy),
        counting=counting,
        monitor=monitor,
        milestones=Milestones(database, transactor, clock),
        legacy_figures=LegacyFigures(database, transactor, clock),
        standings=Standings(database, monitor, clock),
        releases=releases,
        bulletins=Bulletins(database, transactor, monitor, releases, files, clock, zone),
        export_jobs=ExportJobs(database, clock, owner),
        schedules=Schedules(database, transactor, clock, zone, owner),
        pipeline=Pipeline(consuming, [tagging.consumer(), relinking.consumer()], [StoryWords(database).bind]),
        notices=Notices(database),
        notifier=Notifier(database, log, consuming, clock, owner),
        posting=Posting(database, outbox, clock, owner, zone, settings.digest_hour),
        outbox=outbox,
        owner=owner,
    )


def secret_key(settings: Settings) -> str:
    """The key for CSRF tokens and for what is encrypted: the one that is set, or a random one kept in ``data_dir`` (0600).

    Its file appears with the key in it: of processes that start at once all get the same one, and none an empty one.
    """
    if settings.secret_key:
        return settings.secret_key
    path: Path = settings.data_dir / "secret.key"
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        with NamedTemporaryFile("w", encoding="ascii", dir=settings.data_dir, prefix=".secret-") as file:  # 0600
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(file.name, path)
    return path.read_text(encoding="ascii")
