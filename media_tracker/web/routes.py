"""All routes, area by area."""

from __future__ import annotations

from media_tracker.web.account.notices import ROUTES as ACCOUNT_NOTICES
from media_tracker.web.account.pages import ROUTES as ACCOUNT
from media_tracker.web.admin.categories import ROUTES as CATEGORIES
from media_tracker.web.admin.clocks import ROUTES as CLOCKS
from media_tracker.web.admin.learning import ROUTES as LEARNING
from media_tracker.web.admin.papers import ROUTES as ADMIN_PAPERS
from media_tracker.web.admin.responsibilities import ROUTES as RESPONSIBILITIES
from media_tracker.web.admin.rule_editions import ROUTES as RULE_EDITIONS
from media_tracker.web.admin.rule_tables import ROUTES as RULE_TABLES
from media_tracker.web.admin.rules import ROUTES as RULES
from media_tracker.web.admin.tables import ROUTES as ADMIN_TABLES
from media_tracker.web.admin.users import ROUTES as ADMIN
from media_tracker.web.api.figures import ROUTES as API_FIGURES
from media_tracker.web.api.stories import ROUTES as API
from media_tracker.web.api.tokens import ROUTES as TOKENS
from media_tracker.web.bulletins.drafts import ROUTES as BULLETIN_DRAFTS
from media_tracker.web.bulletins.pages import ROUTES as BULLETINS
from media_tracker.web.deeds.edit import ROUTES as DEED_WORK
from media_tracker.web.deeds.lead import ROUTES as LEAD
from media_tracker.web.deeds.leads import ROUTES as LEADS
from media_tracker.web.deeds.library import ROUTES as LIBRARY
from media_tracker.web.deeds.pages import ROUTES as DEEDS
from media_tracker.web.deeds.pictures import ROUTES as DEED_PICTURES
from media_tracker.web.deeds.words import ROUTES as NOMINATIONS
from media_tracker.web.desk.bulk import ROUTES as DESK_BULK
from media_tracker.web.desk.claims import ROUTES as DESK_CLAIMS
from media_tracker.web.desk.disputes import ROUTES as DISPUTES
from media_tracker.web.desk.pages import ROUTES as DESK
from media_tracker.web.desk.put_off import ROUTES as DESK_PUT_OFF
from media_tracker.web.desk.quality import ROUTES as QUALITY
from media_tracker.web.desk.quality_lists import ROUTES as QUALITY_LISTS
from media_tracker.web.desk.saved import ROUTES as DESK_QUEUES
from media_tracker.web.desk.search import ROUTES as TYPED_SEARCH
from media_tracker.web.desk.undo import ROUTES as DESK_UNDO
from media_tracker.web.exports.pages import ROUTES as EXPORTS
from media_tracker.web.exports.schedules import ROUTES as SCHEDULES
from media_tracker.web.live import ROUTES as LIVE
from media_tracker.web.monitor.charts import ROUTES as CHARTS
from media_tracker.web.monitor.legacy import ROUTES as LEGACY_FIGURES
from media_tracker.web.monitor.pages import ROUTES as MONITOR
from media_tracker.web.monitor.wall import ROUTES as WALL
from media_tracker.web.notices.pages import ROUTES as NOTICES
from media_tracker.web.operations import ROUTES as OPERATIONS
from media_tracker.web.outlets.feeds import ROUTES as FEEDS
from media_tracker.web.outlets.look import ROUTES as LOOK
from media_tracker.web.outlets.pages import ROUTES as OUTLETS
from media_tracker.web.outlets.projects import ROUTES as PROJECTS
from media_tracker.web.outlets.websub import ROUTES as WEBSUB
from media_tracker.web.papers.dossier_pages import ROUTES as DOSSIERS
from media_tracker.web.papers.order_pages import ROUTES as ORDERS
from media_tracker.web.problems.routes import ROUTES as PROBLEMS
from media_tracker.web.public.pages import ROUTES as PUBLIC
from media_tracker.web.stories.enter import ROUTES as ENTER
from media_tracker.web.stories.formats import ROUTES as STORY_FORMATS
from media_tracker.web.stories.pages import ROUTES as STORIES
from media_tracker.web.stories.sheet import ROUTES as SHEETS

ROUTES = [
    *ACCOUNT,
    *ACCOUNT_NOTICES,
    *NOTICES,
    *ADMIN,
    *ADMIN_TABLES,
    *CATEGORIES,
    *CLOCKS,
    *ADMIN_PAPERS,
    *RESPONSIBILITIES,
    *RULES,
    *RULE_TABLES,
    *RULE_EDITIONS,
    *LEARNING,
    *OUTLETS,
    *FEEDS,
    *LOOK,
    *PROJECTS,
    *WEBSUB,
    *OPERATIONS,
    *LIVE,
    *PROBLEMS,
    *ORDERS,
    *DOSSIERS,
    *DESK,
    *DESK_BULK,
    *DESK_CLAIMS,
    *DESK_PUT_OFF,
    *DESK_QUEUES,
    *DESK_UNDO,
    *QUALITY,
    *QUALITY_LISTS,
    *DISPUTES,
    *TYPED_SEARCH,
    *STORIES,
    *STORY_FORMATS,
    *ENTER,
    *SHEETS,
    *API,
    *API_FIGURES,
    *TOKENS,
    *DEEDS,
    *DEED_WORK,
    *DEED_PICTURES,
    *LIBRARY,
    *LEADS,
    *LEAD,
    *NOMINATIONS,
    *CHARTS,
    *WALL,
    *MONITOR,
    *LEGACY_FIGURES,
    *PUBLIC,
    *BULLETINS,
    *BULLETIN_DRAFTS,
    *EXPORTS,
    *SCHEDULES,
]
