"""One module per area, each with its controllers; ``ROUTES`` is all of them."""

from __future__ import annotations

from media_tracker.web.pages.account import ROUTES as ACCOUNT
from media_tracker.web.pages.operations import ROUTES as OPERATIONS

ROUTES = [*ACCOUNT, *OPERATIONS]
