"""Which exposure a new copy of a story belongs to. Pure.

One outlet's copies on paper, app, WeChat and Douyin are one exposure; when it takes the problem up again, that is another.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bson import ObjectId

from media_tracker.problems.case import Case, Channel

SAME_OCCASION_WITHIN = timedelta(hours=48)
"""An outlet's platforms carry one story within two days; a later, different text is a new report."""


def occasion_for(case: Case, outlet_id: ObjectId, cluster: ObjectId | None, published_at: datetime) -> int:
    """The number of the occasion that a story of ``outlet_id`` falls to: an earlier one's, or the next free number."""
    own = [r for r in case.reports if r.channel is Channel.EXPOSURE and r.outlet_id == outlet_id]
    for report in own:
        same_text = cluster is not None and report.cluster == cluster
        if same_text or abs(report.occurred_at - published_at) <= SAME_OCCASION_WITHIN:
            return report.occasion
    return max((report.occasion for report in own), default=0) + 1
