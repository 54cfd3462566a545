"""All routes of problems, room by room."""

from __future__ import annotations

from media_tracker.web.problems.afterwards.look_backs import ROUTES as LOOK_BACKS
from media_tracker.web.problems.afterwards.revisits import ROUTES as REVISITS
from media_tracker.web.problems.answers.drafts import ROUTES as DRAFTS
from media_tracker.web.problems.answers.errands import ROUTES as ERRANDS
from media_tracker.web.problems.answers.phone import ROUTES as PHONE
from media_tracker.web.problems.case.dispatch import ROUTES as FORMS
from media_tracker.web.problems.case.follow_ups import ROUTES as FOLLOW_UPS
from media_tracker.web.problems.case.page import ROUTES as PAGE
from media_tracker.web.problems.case.steps import ROUTES as STEPS
from media_tracker.web.problems.evidence.photos import ROUTES as PHOTOS
from media_tracker.web.problems.finding.areas import ROUTES as AREAS
from media_tracker.web.problems.finding.bulk import ROUTES as BULK
from media_tracker.web.problems.finding.pages import ROUTES as LIST
from media_tracker.web.problems.finding.views import ROUTES as VIEWS
from media_tracker.web.problems.finding.work import ROUTES as WORK
from media_tracker.web.problems.objections.pages import ROUTES as OBJECTIONS
from media_tracker.web.problems.regrouping.merging import ROUTES as MERGING
from media_tracker.web.problems.regrouping.splitting import ROUTES as SPLITTING

ROUTES = [
    *PAGE,
    *FORMS,
    *STEPS,
    *FOLLOW_UPS,
    *LIST,
    *VIEWS,
    *BULK,
    *WORK,
    *AREAS,
    *PHOTOS,
    *DRAFTS,
    *ERRANDS,
    *PHONE,
    *LOOK_BACKS,
    *REVISITS,
    *OBJECTIONS,
    *MERGING,
    *SPLITTING,
]
