"""The "feed" under which an outlet's stories stand that no feed brings: sheets, pasted links, the API. One per platform."""

from __future__ import annotations

from collections.abc import Mapping

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from media_tracker.db.connection import Database
from media_tracker.errors import N_, NotFound
from media_tracker.outlets.documents import Feed, FeedSource, FeedState, Outlet, Platform

TITLES: Mapping[Platform, str] = {
    Platform.PAPER: "报纸（录入）",
    Platform.WEB: "网站（录入）",
    Platform.APP: "客户端（录入）",
    Platform.WECHAT: "微信（录入）",
    Platform.DOUYIN: "抖音（录入）",
}
"""Names of these feeds, which are data, as offices call them."""


def hand_url(outlet_id: ObjectId, platform: Platform) -> str:
    """What stands in the place of an address; nothing ever asks it."""
    return f"hand:{outlet_id}:{platform.value}"


class ByHand:
    """Finds these feeds, and makes those that are not there yet."""

    def __init__(self, database: Database) -> None:
        self._outlets = database[Outlet.Settings.name]
        self._feeds = database[Feed.Settings.name]

    async def feed_for(self, outlet_id: ObjectId, platform: Platform) -> ObjectId:
        """The feed of what ``outlet_id`` publishes on ``platform`` and hands in. Any number of callers at once get the same one.

        Raises:
            NotFound: there is no such outlet.
        """
        outlet = await self._outlets.find_one({"_id": outlet_id}, {"demo": 1})
        if outlet is None:
            raise NotFound(N_("There is no such outlet."))
        url = hand_url(outlet_id, platform)
        row = {
            "outlet_id": outlet_id,
            "title": TITLES[platform],
            "platform": platform.value,
            "column": "",
            "source": FeedSource.HAND.value,
            "active": True,
            "demo": bool(outlet.get("demo")),
            "state": FeedState().model_dump(),
        }
        try:
            found = await self._feeds.find_one_and_update(
                {"url": url},
                {"$setOnInsert": row},
                upsert=True,
                projection={"_id": 1},
                return_document=ReturnDocument.AFTER,
            )
        except DuplicateKeyError:  # two inserted at once, and the other one was first
            found = await self._feeds.find_one({"url": url}, {"_id": 1})
        assert found is not None  # it is there by now, and feeds are never removed
        return ObjectId(found["_id"])
