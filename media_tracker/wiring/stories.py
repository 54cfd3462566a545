"""How stories come in and what they seem to be: outlets, ingest, tagging."""

from __future__ import annotations

from dataclasses import dataclass

from media_tracker.ingest.articles import Articles
from media_tracker.ingest.claims import Claims
from media_tracker.ingest.formats import StoryFormats
from media_tracker.ingest.handing_in import HandingIn
from media_tracker.ingest.pasted import Pasted
from media_tracker.ingest.reading import Runner
from media_tracker.ingest.service import Chance, Ingest
from media_tracker.ingest.sheet_drafts import SheetDrafts
from media_tracker.ingest.stories import Stories
from media_tracker.ingest.websub import WebSub
from media_tracker.net.fetch import Fetcher
from media_tracker.outlets.by_hand import ByHand
from media_tracker.outlets.project_keeping import ProjectKeeping
from media_tracker.outlets.service import Outlets
from media_tracker.tagging.learner import InItsOwnProcess, Learner
from media_tracker.tagging.rule_book import RuleBook
from media_tracker.tagging.service import Tagging
from media_tracker.tagging.source import SuggesterSource
from media_tracker.tagging.trial import Trials
from media_tracker.tagging.versions import Versions
from media_tracker.wiring.ground import Ground


@dataclass(frozen=True, kw_only=True)
class StoryServices:
    """How stories come in and what they seem to be."""

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
    articles: Articles
    websub: WebSub
    stories: Stories
    tagging: Tagging
    rules: RuleBook
    trials: Trials
    versions: Versions
    learner: Learner


def story_services(on: Ground, fetcher: Fetcher, reading: Runner, chance: Chance) -> StoryServices:
    """``reading``: what reads documents; ``chance``: by how much looks at feeds are put apart."""
    database, transactor, clock, zone = on.database, on.transactor, on.clock, on.settings.zone
    claiming = Claims(database, clock, on.owner, on.settings.host_gap)
    ingest = Ingest(database, transactor, fetcher, clock, zone, claiming, reading, chance)
    by_hand = ByHand(database)
    rules, versions = RuleBook(database, clock), Versions(database, clock)
    suggesters = SuggesterSource(on.places, on.taxonomy, rules, versions, clock)
    after, learning = on.settings.learn_after, InItsOwnProcess()
    return StoryServices(
        outlets=Outlets(database, clock),
        project_keeping=ProjectKeeping(database),
        story_formats=StoryFormats(database, transactor, clock),
        fetcher=fetcher,
        ingest=ingest,
        by_hand=by_hand,
        handing_in=HandingIn(database, transactor, by_hand, ingest, on.files, clock),
        pasted=Pasted(fetcher, reading, clock, zone),
        reading=reading,
        sheet_drafts=SheetDrafts(database, clock),
        articles=Articles(database, transactor, fetcher, claiming, clock, zone, reading),
        websub=WebSub(database, fetcher, clock, on.settings.public_url),
        stories=Stories(database),
        tagging=Tagging(database, on.places, suggesters, clock, transactor),
        rules=rules,
        trials=Trials(database, suggesters),
        versions=versions,
        learner=Learner(database, versions, suggesters, on.audit, clock, on.owner, after, learning),
    )
