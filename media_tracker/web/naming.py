"""What outlets, regions, categories and units are called, in the language of the page. One reader for every page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bson import ObjectId

from media_tracker.deeds.deed import Person
from media_tracker.deeds.documents import GoodDeed
from media_tracker.errors import N_
from media_tracker.monitor.definitions import Dimension
from media_tracker.monitor.stages import STAGE_NAMES, Stage
from media_tracker.outlets.documents import Outlet, Project
from media_tracker.places.documents import UnitDocument
from media_tracker.places.regions import RegionTree
from media_tracker.places.units import UnitTree
from media_tracker.problems.case import Channel, Severity
from media_tracker.taxonomy.service import CategoryTable
from media_tracker.web.i18n import NOTHING, Catalogue, current_locale
from media_tracker.web.render import Pages
from media_tracker.web.visitor import Connection, services
from media_tracker.wiring import Services

KIND_PERSON = N_("somebody with a kind heart")
YOUNG_PERSON = N_("a young person")
NONE_OF: Mapping[Dimension, str] = {
    Dimension.OUTLET: N_("No outlet"),
    Dimension.DISTRICT: N_("District not known"),
    Dimension.CATEGORY: N_("No category"),
    Dimension.SUBCATEGORY: N_("No category"),
    Dimension.COLUMN: N_("No column"),
    Dimension.PROJECT: N_("No project"),
    Dimension.STREET: N_("Street not known"),
    Dimension.COMMUNITY: N_("Community not known"),
    Dimension.UNIT: N_("No unit"),
}
"""What the column is called for rows that have none."""

CHANNEL_NAMES: Mapping[Channel, str] = {
    Channel.EXPOSURE: N_("Exposure"),
    Channel.FOLLOW_UP: N_("Follow-up"),
    Channel.INQUIRY: N_("Outlet's inquiry"),
    Channel.ONLINE: N_("Told on social media"),
    Channel.SNAPSHOT: N_("Citizen's snapshot"),
    Channel.PATROL: N_("Patrol"),
    Channel.LIST: N_("Problem list"),
    Channel.TICKET: N_("12345 ticket"),
}


@dataclass(frozen=True, slots=True)
class Names:
    """Everything by its name. What is unknown by now is shown by its code, never left out."""

    outlets: Mapping[ObjectId, str]
    regions: RegionTree
    categories: CategoryTable
    units: UnitTree
    projects: Mapping[ObjectId, str]
    columns: Sequence[str]
    """Of all projects, in order."""
    pages: Pages

    def gettext(self, message: str) -> str:
        """A sentence of ours in the language of the page."""
        return self.pages.catalogue.gettext(message)

    def of(self, dimension: Dimension, value: str) -> str:
        """One value of a breakdown; ``""`` is what has none."""
        if not value:
            return self.gettext(NONE_OF[dimension]) if dimension in NONE_OF else NOTHING
        match dimension:
            case Dimension.OUTLET:
                return self.outlets.get(ObjectId(value), value) if ObjectId.is_valid(value) else value
            case Dimension.DISTRICT | Dimension.STREET | Dimension.COMMUNITY:
                return self.region(value)
            case Dimension.CATEGORY | Dimension.SUBCATEGORY:
                return self.category(value)
            case Dimension.MONTH:
                return self.month(value)
            case Dimension.PROJECT:
                return self.projects.get(ObjectId(value), value) if ObjectId.is_valid(value) else value
            case Dimension.UNIT:
                return self.unit(ObjectId(value)) or value if ObjectId.is_valid(value) else value
            case Dimension.SEVERITY:
                return say_severity(self.pages.catalogue, Severity(value)) if value in set(Severity) else value
            case Dimension.SOURCE:
                return self.gettext(CHANNEL_NAMES[Channel(value)]) if value in set(Channel) else value
            case Dimension.STAGE:
                return self.gettext(STAGE_NAMES[Stage(value)]) if value in set(Stage) else value
            case Dimension.COLUMN | Dimension.DAY:
                return value

    def region(self, code: str | None) -> str:
        """A region as running text writes it."""
        if not code:
            return ""
        return self.regions.label(code) if code in self.regions else code

    def category(self, code: str | None) -> str:
        """A category; the Chinese name where it has no English one."""
        if not code or code not in self.categories:
            return code or ""
        category = self.categories[code]
        return category.name_en or category.name_zh if current_locale() == "en" else category.name_zh

    def category_with_class(self, code: str) -> str:
        """The class above it first: 生活环境卫生 · 卫生死角."""
        return " · ".join(self.category(each) for each in reversed(self.categories.path(code))) or code

    def unit(self, unit_id: ObjectId | None) -> str:
        """A unit; empty for none."""
        return self.units.name(unit_id)

    def units_of(self, ids: Iterable[ObjectId]) -> list[str]:
        """Several units."""
        return [name for unit_id in ids if (name := self.units.name(unit_id))]

    def outlet(self, outlet_id: ObjectId | None) -> str:
        """An outlet; empty for none, and for one that is no longer known."""
        return self.outlets.get(outlet_id, "") if outlet_id is not None else ""

    def deed_title(self, deed: GoodDeed) -> str:
        """The title of a good deed, without a name that may not be shown."""
        return self.deed_masked(deed, deed.title)

    def deed_told(self, deed: GoodDeed) -> str:
        """What was done, without a name that may not be shown."""
        return self.deed_masked(deed, deed.deed)

    def deed_masked(self, deed: GoodDeed, text: str) -> str:
        """``text`` about a good deed, with a kind word in the place of each name that may not be shown."""
        return deed.masked(text, lambda person: self.deed_person(deed, person))

    def deed_person(self, deed: GoodDeed, person: Person) -> str:
        """What somebody is called: the name where it may be shown, else how they may be called."""
        if deed.names(person):
            return person.name
        return person.called or self.gettext(YOUNG_PERSON if deed.counts_as_young(person) else KIND_PERSON)

    def month(self, month: str) -> str:
        """``2022-03`` as people write it; as it is when it is none."""
        try:
            return self.pages.formats.month(date.fromisoformat(f"{month}-01"))
        except ValueError:
            return month

    def joined(self, outlets: Iterable[ObjectId]) -> str:
        """Several outlets, by name."""
        return self.gettext(N_(", ")).join(sorted(self.outlets.get(outlet, str(outlet)) for outlet in outlets))


async def names_of(connection: Connection) -> Names:
    """Read the tables of names; regions and categories are kept in memory for a minute."""
    return await names_with(services(connection), connection.app.state.pages)


async def names_with(use: Services, pages: Pages) -> Names:
    """The same where no request asks: for letters, jobs and the command line."""
    found = await use.outlets.named(UnitDocument.Settings.name)
    projects = found[Project.Settings.name]
    return Names(
        outlets={row["_id"]: row["name"] for row in found[Outlet.Settings.name]},
        regions=await use.places.regions(),
        categories=await use.taxonomy.table(),
        units=use.places.units_of(found[UnitDocument.Settings.name]),
        projects={row["_id"]: row["name"] for row in projects},
        columns=sorted({column for row in projects for column in row["columns"]}),
        pages=pages,
    )


def say_severity(catalogue: Catalogue, severity: Severity) -> str:
    """A severity in the reader's language; its English words have other meanings elsewhere."""
    match severity:
        case Severity.URGENT:
            return catalogue.gettext("Urgent")
        case Severity.KEY:
            return catalogue.pgettext("severity", "Key")
        case Severity.NORMAL:
            return catalogue.pgettext("severity", "Normal")
