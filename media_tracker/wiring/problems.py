"""The life of problems, and the papers about them."""

from __future__ import annotations

from dataclasses import dataclass

from media_tracker.ingest.stories import Stories
from media_tracker.papers.casefile import Casefiles
from media_tracker.papers.orders import Orders
from media_tracker.papers.own_templates import OwnTemplates
from media_tracker.problems.afterwards.revisits_list import Revisits
from media_tracker.problems.afterwards.work import LookBacks
from media_tracker.problems.answers.drafts import Drafts
from media_tracker.problems.answers.errands import Errands
from media_tracker.problems.clocks.keeping import ClockKeeping
from media_tracker.problems.evidence.service import Evidence
from media_tracker.problems.finding.bulk import BulkSteps
from media_tracker.problems.finding.saved_views import SavedViews
from media_tracker.problems.linking.links import Links
from media_tracker.problems.linking.relinking import Relinking
from media_tracker.problems.lists.importing import ListImport
from media_tracker.problems.objections.service import Objections
from media_tracker.problems.regrouping.service import Regrouping
from media_tracker.problems.service import Problems
from media_tracker.wiring.ground import Ground


@dataclass(frozen=True, kw_only=True)
class ProblemServices:
    """The life of problems, and the papers about them."""

    problems: Problems
    regrouping: Regrouping
    relinking: Relinking
    clock_keeping: ClockKeeping
    look_backs: LookBacks
    evidence: Evidence
    revisits: Revisits
    list_import: ListImport
    saved_views: SavedViews
    bulk_steps: BulkSteps
    drafts: Drafts
    errands: Errands
    objections: Objections
    orders: Orders
    casefiles: Casefiles
    own_templates: OwnTemplates


def problem_services(on: Ground, stories: Stories) -> ProblemServices:
    """Everything that works on problems."""
    database, transactor, clock, zone = on.database, on.transactor, on.clock, on.settings.zone
    places, taxonomy, files = on.places, on.taxonomy, on.files
    problems = Problems(database, on.log, transactor, places, taxonomy, files, clock, zone)
    book = problems.casebook
    orders = Orders(database, transactor, problems, stories, clock, zone)
    drafts = Drafts(database, transactor, problems, files, clock)
    return ProblemServices(
        problems=problems,
        regrouping=Regrouping(database, transactor, book, problems.tables, clock),
        relinking=Relinking(database, transactor, Links(database, taxonomy, zone)),
        clock_keeping=ClockKeeping(database, taxonomy, clock, zone),
        look_backs=LookBacks(database, transactor, problems, book, files, clock),
        evidence=Evidence(database, transactor, book, files, on.audit),
        revisits=Revisits(database),
        list_import=ListImport(database, transactor, places, taxonomy, clock, zone, on.owner),
        saved_views=SavedViews(database, clock),
        bulk_steps=BulkSteps(database, problems, clock),
        drafts=drafts,
        errands=Errands(database, transactor, book, drafts, places, clock),
        objections=Objections(database, transactor, book, on.audit, on.seal("objection contacts"), clock, zone),
        orders=orders,
        casefiles=Casefiles(database, problems, stories, files, orders),
        own_templates=OwnTemplates(database, clock),
    )
