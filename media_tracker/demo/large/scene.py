"""What made-up stories and problems refer to: outlets with columns and projects, units, accounts, the tables that are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bson import ObjectId

from media_tracker.accounts.actor import Role
from media_tracker.demo.people import Cast, add_accounts, add_units
from media_tracker.outlets.documents import OutletKind, Platform
from media_tracker.wiring import Services

PARTNERS = 5
OUTLETS: Sequence[tuple[str, OutletKind, Sequence[str]]] = (
    ("样城日报（演示）", OutletKind.NEWSPAPER, ("曝光台", "文明进行时", "要闻")),
    ("样城晚报（演示）", OutletKind.NEWSPAPER, ("身边事", "好人榜", "市井")),
    ("样城广播电视台（演示）", OutletKind.BROADCASTER, ("问政现场", "民生直通车", "新闻联播")),
    ("样城网（演示）", OutletKind.PORTAL, ("随手拍", "创城在线", "滚动")),
    ("样城发布（演示）", OutletKind.APP, ("市民来电", "文明实践", "本地")),
    ("东区融媒（演示）", OutletKind.DISTRICT_MEDIA, ("曝光", "街道动态")),
    ("西区融媒（演示）", OutletKind.DISTRICT_MEDIA, ("曝光", "街道动态")),
    ("南区融媒（演示）", OutletKind.DISTRICT_MEDIA, ("曝光", "街道动态")),
    ("北区融媒（演示）", OutletKind.DISTRICT_MEDIA, ("曝光", "街道动态")),
    ("省城晚报（演示）", OutletKind.NEWSPAPER, ("各地", "热线")),
    ("省台公共频道（演示）", OutletKind.BROADCASTER, ("帮办", "各地")),
    ("门户新闻（演示）", OutletKind.PORTAL, ("本地", "社会")),
)
"""The first five are partners. A column's place says what runs there: first what is exposed, then what is told."""


@dataclass(frozen=True, slots=True)
class Source:
    """An outlet with the feed of each of its columns."""

    outlet_id: ObjectId
    partner: bool
    feeds: Sequence[tuple[ObjectId, str]]


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that a chunk needs to know; it goes to other processes."""

    sources: Sequence[Source]
    editors: Sequence[ObjectId]
    office: ObjectId
    inspector: ObjectId
    official: ObjectId
    inspectors: ObjectId
    """The unit that the inspector works in."""
    units: Mapping[tuple[str, str], ObjectId]
    elsewhere: ObjectId
    regions: Sequence[tuple[str, str, str]]
    """Code, the district that counts it, name; the communities and streets."""
    categories: Sequence[tuple[str, bool]]
    """Code, and whether it is a danger."""

    def unit_for(self, district: str, category: str) -> ObjectId:
        """The unit in charge of a category in a district."""
        return self.units.get((district, category[:1]), self.elsewhere)


async def set_scene(services: Services, today: date) -> tuple[Scene, Cast]:
    """Write what the campaign refers to. Feeds rest: nobody is to ask for addresses that there are not."""
    units = await add_units(services)
    cast = await add_accounts(services, units)
    sources = [await _source(services, place, today) for place in range(len(OUTLETS))]
    tree, table = await services.places.regions(), await services.taxonomy.table()
    regions = [
        (region.code, district, region.name)
        for region in sorted(tree, key=lambda region: region.code)
        if region.level in ("subdistrict", "community") and (district := tree.district_for_counting(region.code))
    ]
    actor = {role: account.user.object_id for role, account in cast.accounts.items()}
    inspectors = next(iter(cast.actor(Role.INSPECTOR).units))
    scene = Scene(
        sources=sources,
        editors=[actor[Role.EDITOR]],
        office=actor[Role.PUBLICITY],
        inspector=actor[Role.INSPECTOR],
        official=actor[Role.OFFICIAL],
        inspectors=inspectors,
        units=units.by_district,
        elsewhere=units.elsewhere,
        regions=regions,
        categories=[
            (each.code, each.danger)
            for each in sorted(table.by_code.values(), key=lambda each: each.code)
            if each.parent is not None and each.active
        ],
    )
    return scene, cast


async def _source(services: Services, place: int, today: date) -> Source:
    name, kind, columns = OUTLETS[place]
    partner = place < PARTNERS
    outlet_id = await services.outlets.add_outlet(name, kind, partner=partner, demo=True)
    feeds = []
    for number, column in enumerate(columns):
        url = f"https://outlet-{place}.example/{number}.xml"
        feed_id = await services.outlets.add_feed(
            outlet_id, url, title=column, platform=Platform.WEB, column=column, demo=True
        )
        assert feed_id is not None  # nobody else has subscribed to it
        await services.database["feeds"].update_one({"_id": feed_id}, {"$set": {"active": False}})
        feeds.append((feed_id, column))
    if partner:
        for year in (today.year - 1, today.year):
            starts, ends = date(year, 1, 1), date(year, 12, 31)
            planned = 12_000
            title = f"{columns[0]}（{year}）"
            await services.outlets.add_project(outlet_id, title, [columns[0]], starts, ends, planned, demo=True)
    return Source(outlet_id, partner, feeds)
