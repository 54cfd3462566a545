"""All routes, area by area."""

from __future__ import annotations

from media_tracker.web.account.pages import ROUTES as ACCOUNT
from media_tracker.web.admin.categories import ROUTES as CATEGORIES
from media_tracker.web.admin.learning import ROUTES as LEARNING
from media_tracker.web.admin.responsibilities import ROUTES as RESPONSIBILITIES
from media_tracker.web.admin.rule_tables import ROUTES as RULE_TABLES
from media_tracker.web.admin.rules import ROUTES as RULES
from media_tracker.web.admin.tables import ROUTES as ADMIN_TABLES
from media_tracker.web.admin.users import ROUTES as ADMIN
from media_tracker.web.api.stories import ROUTES as API
from media_tracker.web.api.tokens import ROUTES as TOKENS
from media_tracker.web.bulletins.pages import ROUTES as BULLETINS
from media_tracker.web.deeds.pages import ROUTES as DEEDS
from media_tracker.web.desk.pages import ROUTES as DESK
from media_tracker.web.monitor.pages import ROUTES as MONITOR
from media_tracker.web.operations import ROUTES as OPERATIONS
from media_tracker.web.outlets.feeds import ROUTES as FEEDS
from media_tracker.web.outlets.look import ROUTES as LOOK
from media_tracker.web.outlets.pages import ROUTES as OUTLETS
from media_tracker.web.outlets.projects import ROUTES as PROJECTS
from media_tracker.web.outlets.websub import ROUTES as WEBSUB
from media_tracker.web.problems.pages import ROUTES as PROBLEMS
from media_tracker.web.public.pages import ROUTES as PUBLIC
from media_tracker.web.stories.enter import ROUTES as ENTER
from media_tracker.web.stories.pages import ROUTES as STORIES
from media_tracker.web.stories.sheet import ROUTES as SHEETS

ROUTES = [
    *ACCOUNT,
    *ADMIN,
    *ADMIN_TABLES,
    *CATEGORIES,
    *RESPONSIBILITIES,
    *RULES,
    *RULE_TABLES,
    *LEARNING,
    *OUTLETS,
    *FEEDS,
    *LOOK,
    *PROJECTS,
    *WEBSUB,
    *OPERATIONS,
    *PROBLEMS,
    *DESK,
    *STORIES,
    *ENTER,
    *SHEETS,
    *API,
    *TOKENS,
    *DEEDS,
    *MONITOR,
    *PUBLIC,
    *BULLETINS,
]
