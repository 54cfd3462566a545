"""What the program keeps in the database: every document class and every index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from beanie import Document, init_beanie
from pymongo import IndexModel

from media_tracker.accounts import sessions as session_store
from media_tracker.accounts import throttle, tokens, visits
from media_tracker.accounts.documents import AuditEvent, User
from media_tracker.db import events
from media_tracker.db.connection import Database
from media_tracker.deeds import leads as deed_leads
from media_tracker.deeds.documents import GoodDeed
from media_tracker.desk import bulk_accept, saved_queues, second_look
from media_tracker.desk import done as desk_done_rows
from media_tracker.desk import story_claims as desk_claims
from media_tracker.files import store
from media_tracker.ingest import claims, sheet_drafts, websub_documents
from media_tracker.ingest.documents import FeedLog, Story
from media_tracker.mail import outbox as mail_outbox
from media_tracker.monitor import export_jobs, gathering, ledger, legacy, milestones
from media_tracker.monitor import schedules as mail_schedules
from media_tracker.monitor.documents import BULLETIN_INDEXES, Bulletin, Release, ReleaseRow
from media_tracker.notices import documents as notice_documents
from media_tracker.outlets.documents import Feed, Outlet, Project
from media_tracker.papers import own_templates as paper_templates
from media_tracker.papers.documents import DispatchOrder
from media_tracker.places import responsibility_rows
from media_tracker.places.documents import BackingDocument, RegionDocument, ResponsibilityDocument, UnitDocument
from media_tracker.problems import arriving
from media_tracker.problems.answers import drafts, errands
from media_tracker.problems.documents import Problem
from media_tracker.problems.finding import bulk, saved_views
from media_tracker.problems.linking import links
from media_tracker.problems.objections import service as objections
from media_tracker.tagging import versions as model_versions
from media_tracker.taxonomy.documents import CategoryDocument

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


async def bind_documents(database: Database) -> None:
    """Have the document classes work on ``database``. Indexes are for ``db migrate``."""
    await init_beanie(database=database, document_models=list(DOCUMENTS), skip_indexes=True)
