"""One module per area, each with its controllers; ``ROUTES`` is all of them."""

from __future__ import annotations

from media_tracker.web.pages.account import ROUTES as ACCOUNT
from media_tracker.web.pages.admin import ROUTES as ADMIN
from media_tracker.web.pages.admin_tables import ROUTES as ADMIN_TABLES
from media_tracker.web.pages.bulletins import ROUTES as BULLETINS
from media_tracker.web.pages.deeds import ROUTES as DEEDS
from media_tracker.web.pages.desk import ROUTES as DESK
from media_tracker.web.pages.monitor import ROUTES as MONITOR
from media_tracker.web.pages.operations import ROUTES as OPERATIONS
from media_tracker.web.pages.outlets import ROUTES as OUTLETS
from media_tracker.web.pages.problems import ROUTES as PROBLEMS
from media_tracker.web.pages.projects import ROUTES as PROJECTS
from media_tracker.web.pages.public import ROUTES as PUBLIC
from media_tracker.web.pages.stories import ROUTES as STORIES

ROUTES = [
    *ACCOUNT,
    *ADMIN,
    *ADMIN_TABLES,
    *OUTLETS,
    *PROJECTS,
    *OPERATIONS,
    *PROBLEMS,
    *DESK,
    *STORIES,
    *DEEDS,
    *MONITOR,
    *PUBLIC,
    *BULLETINS,
]
