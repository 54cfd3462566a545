"""The parts of a dossier that tell how a problem came to be known, and what was published of it afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from media_tracker.errors import N_
from media_tracker.ingest.documents import Story
from media_tracker.monitor.counting import occasions
from media_tracker.papers.casefile import Casefile
from media_tracker.papers.chain import text_digest
from media_tracker.papers.safe_text import one_line
from media_tracker.problems.case import Channel, Report
from media_tracker.web.i18n import NOTHING
from media_tracker.web.naming import CHANNEL_NAMES
from media_tracker.web.papers.looked import Looked
from media_tracker.web.papers.wording import PhotoView


@dataclass(frozen=True, slots=True)
class ReportView:
    """One voice that told of the problem."""

    channel: str
    source: str
    column: str
    title: str
    url: str
    published: str
    received: str
    text_sha256: str
    """Of the stored text in UTF-8; empty without a story."""
    note: str
    photos: Sequence[PhotoView]


@dataclass(frozen=True, slots=True)
class FollowUpView:
    """A story about what became of it."""

    outlet: str
    title: str
    url: str
    published: str
    text_sha256: str
    note: str


def reports(file: Casefile, looked: Looked) -> list[ReportView]:
    """Everything but follow-ups, earliest first."""
    case = file.problem.case
    counted = {report.id for report in occasions(case)}
    told = [each for each in case.reports if each.channel is not Channel.FOLLOW_UP]
    ordered = sorted(told, key=lambda each: (each.occurred_at, each.id))
    return [_report(each, each.id in counted, looked) for each in ordered]


def follow_ups(file: Casefile, looked: Looked) -> list[FollowUpView]:
    """Follow-up stories, earliest first."""
    wording = looked.wording
    told = [each for each in file.problem.case.reports if each.channel is Channel.FOLLOW_UP]
    views = []
    for each in sorted(told, key=lambda report: (report.occurred_at, report.id)):
        story = _story(each, looked)
        standing = _standing(each, story)
        views.append(
            FollowUpView(
                outlet=wording.names.outlet(each.outlet_id) or NOTHING,
                title=wording.story(story),
                url=standing.url if standing else "",
                published=wording.moment_or_day(each.occurred_at, each.precision),
                text_sha256=text_digest(standing.text) if standing else "",
                note=_withdrawn(each, looked),
            )
        )
    return views


def _report(report: Report, counted: bool, looked: Looked) -> ReportView:
    wording = looked.wording
    story = _story(report, looked)
    standing = _standing(report, story)
    partner = wording.say(N_("partner")) if report.partner else ""
    name = wording.names.outlet(report.outlet_id) or report.outside_number or NOTHING
    facts = [
        looked.bundle.files[key] for key in (standing.attachments if standing else ()) if key in looked.bundle.files
    ]
    return ReportView(
        channel=wording.say(CHANNEL_NAMES[report.channel]),
        source=wording.say(N_("{name} ({parts})"), name=name, parts=partner) if partner else name,
        column=one_line(standing.column, 80) if standing else "",
        title=wording.story(story),
        url=standing.url if standing else "",
        published=wording.moment_or_day(report.occurred_at, report.precision),
        received=wording.moment(report.received_at),
        text_sha256=text_digest(standing.text) if standing else "",
        note=_withdrawn(report, looked) or _occasion(report, counted, looked),
        photos=[wording.photo(fact, wording.say(N_("Picture of the story")), looked.pictures) for fact in facts],
    )


def _story(report: Report, looked: Looked) -> Story | None:
    return looked.bundle.stories.get(report.story_id) if report.story_id is not None else None


def _standing(report: Report, story: Story | None) -> Story | None:
    """The story, unless its outlet has withdrawn it: then nothing of it is shown."""
    return story if story is not None and story.withdrawn_at is None else None


def _withdrawn(report: Report, looked: Looked) -> str:
    if report.withdrawn_at is None:
        return ""
    return looked.wording.say(N_("withdrawn on {date}; counts no longer"), date=looked.wording.day(report.withdrawn_at))


def _occasion(report: Report, counted: bool, looked: Looked) -> str:
    if report.channel is not Channel.EXPOSURE:
        return ""
    if not counted:
        return looked.wording.say(N_("same exposure, another platform"))
    return looked.wording.say(N_("first exposure") if report.occasion == 1 else N_("exposed again"))
