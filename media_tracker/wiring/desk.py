"""Good deeds, and the desk on which stories become what they are."""

from __future__ import annotations

from dataclasses import dataclass

from media_tracker.deeds.leads import Leads
from media_tracker.deeds.pictures import DeedPictures
from media_tracker.deeds.service import Deeds
from media_tracker.deeds.words import NominationWords
from media_tracker.deeds.work import DeedWork
from media_tracker.desk.at_hand import AtHand
from media_tracker.desk.bulk_accept import BulkAccept
from media_tracker.desk.done import Done
from media_tracker.desk.forgetting import Forgetting
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
from media_tracker.problems.service import Problems
from media_tracker.wiring.ground import Ground
from media_tracker.wiring.secret import secret_key
from media_tracker.wiring.stories import StoryServices


@dataclass(frozen=True, kw_only=True)
class DeskServices:
    """Good deeds, and the desk on which stories become what they are."""

    deeds: Deeds
    deed_work: DeedWork
    deed_pictures: DeedPictures
    nomination_words: NominationWords
    leads: Leads
    desk: Desk
    story_claims: StoryClaims
    queue: Queue
    at_hand: AtHand
    snoozing: Snoozing
    undoing: Undoing
    bulk_accept: BulkAccept
    saved_queues: SavedQueues
    second_looks: SecondLooks
    quality: Quality
    settling: Settling
    untied: Untied


def desk_services(on: Ground, told: StoryServices, problems: Problems) -> DeskServices:
    """Everything that editors work with."""
    database, transactor, clock, settings = on.database, on.transactor, on.clock, on.settings
    places, taxonomy, tagging, stories = on.places, on.taxonomy, told.tagging, told.stories
    deeds = Deeds(database, places, clock, settings.zone)
    second_looks = SecondLooks(database, transactor, tagging, places, taxonomy, clock, lambda: secret_key(settings))
    claims, done = StoryClaims(database, on.audit, clock), Done(database, clock)
    desk = Desk(
        *(database, transactor, stories, tagging, problems, deeds, places, taxonomy, clock, second_looks),
        claims=claims,
        done=done,
    )
    snoozing = Snoozing(database, transactor, stories, tagging, claims, done, clock, second_looks)
    undoing = Undoing(database, on.log, transactor, tagging, problems, claims, done, clock, second_looks)
    deed_work = DeedWork(database, transactor, deeds, on.files, clock, settings.zone)
    deed_work.on_forgotten(Forgetting(database, tagging).forget_in)
    callers, days = on.seal("lead callers"), settings.lead_callers_days
    return DeskServices(
        deeds=deeds,
        deed_work=deed_work,
        deed_pictures=DeedPictures(database, transactor, on.files, clock),
        nomination_words=NominationWords(database, transactor, on.audit),
        leads=Leads(database, transactor, on.audit, callers, clock, settings.zone, days),
        desk=desk,
        story_claims=claims,
        queue=Queue(database, claims, snoozing, clock),
        at_hand=AtHand(database, clock),
        snoozing=snoozing,
        undoing=undoing,
        bulk_accept=BulkAccept(database, desk, undoing, done, told.rules, clock, on.owner),
        saved_queues=SavedQueues(database, clock),
        second_looks=second_looks,
        quality=Quality(database, second_looks),
        settling=Settling(transactor, second_looks, desk, tagging, stories, clock),
        untied=Untied(database, desk, taxonomy),
    )
