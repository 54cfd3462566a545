"""The sample responsibility table: departments by class and district, and who stands behind which place. All of it invented."""

from __future__ import annotations

from datetime import date, timedelta

from pymongo.asynchronous.client_session import AsyncClientSession

from media_tracker.db.events import SYSTEM
from media_tracker.demo.people import SampleUnits
from media_tracker.places.documents import BackingDocument, ResponsibilityDocument
from media_tracker.places.regions import RegionTree
from media_tracker.places.responsibility import Backing, Duty, Relation, Responsibility
from media_tracker.places.responsibility_import import Outlook
from media_tracker.places.responsibility_sheet import ResponsibilitySheet
from media_tracker.wiring import Services

NOBODYS = "5"
"""The class of problems that the last district has forgotten, so that the page has a gap to show."""
INDICATORS = {"1": "市容市貌（演示）", "2": "环境卫生（演示）", "3": "交通秩序（演示）"}
IN_FORCE = timedelta(days=200)
"""Since the first of January of the year that it then was: before any sample story."""


async def add_responsibilities(services: Services, units: SampleUnits, today: date) -> None:
    """Put the table in as a sheet would be, its rows marked as samples. One that the office has begun is left as it is."""
    table = services.responsibilities
    edition = await table.edition()
    if await table.table.duties() or await table.table.backings():
        return
    since = (today - IN_FORCE).replace(month=1, day=1)
    civilised = await services.places.add_unit("文明单位甲（演示）", demo=True)
    tree = await services.places.regions()
    last = max(district for district, _ in units.by_district)
    duties = [
        Responsibility(unit, Duty.LEAD, top_class, district, since)
        for (district, top_class), unit in units.by_district.items()
        if (district, top_class) != (last, NOBODYS)
    ]
    # Hygiene is helped by whoever looks after the streets.
    duties += [
        Responsibility(units.by_district[district, "1"], Duty.CO, "2", district, since)
        for district in sorted({district for district, _ in units.by_district})
    ]
    backings = []
    for district in sorted({district for district, _ in units.by_district}):
        subdistrict, community = _first(tree, district, "subdistrict"), _first(tree, district, "community")
        if subdistrict is not None:
            backings.append(Backing(Relation.LEADER, since, region=subdistrict, person="区级领导甲（演示）"))
        if community is not None:
            backings.append(Backing(Relation.CIVILISED_UNIT, since, region=community, unit_id=civilised))
        backings += [
            Backing(Relation.INDICATOR, since, unit_id=units.by_district[district, top_class], indicator=indicator)
            for top_class, indicator in INDICATORS.items()
        ]

    async def mark(session: AsyncClientSession, _: Outlook) -> None:
        """In the same transaction: nobody else has written anything since ``edition``, so all rows are samples."""
        for rows in (ResponsibilityDocument, BackingDocument):
            await services.database[rows.Settings.name].update_many({}, {"$set": {"demo": True}}, session=session)

    sheet = ResponsibilitySheet(tuple(duties), tuple(backings), ())
    await table.take(sheet, since, whole=False, edition=edition, by=None, origin=SYSTEM, note=mark)


def _first(tree: RegionTree, district: str, level: str) -> str | None:
    """The first region of a level that counts as the district's."""
    of_level = sorted(region.code for region in tree if region.level == level)
    return next((code for code in of_level if tree.district_for_counting(code) == district), None)
