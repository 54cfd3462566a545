"""Sample units and one account per role, with passwords that are made up anew each time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.accounts.duties import Duties
from media_tracker.accounts.service import NewAccount
from media_tracker.places.regions import RegionTree
from media_tracker.wiring import Services

OFFICE = "市文明办（演示）"
INSPECTORS = "市民巡访团（演示）"

BUREAUS: Mapping[str, str] = {
    "1": "城市管理部门",
    "2": "环境卫生部门",
    "3": "交通管理部门",
    "4": "文明行为促进部门",
    "5": "行业主管部门",
}
"""Which kind of sample unit answers for a top class of problems."""

ROLE_TITLES: Mapping[Role, str] = {
    Role.VIEWER: "演示查看员",
    Role.EDITOR: "演示编辑",
    Role.PUBLICITY: "演示宣传员",
    Role.OFFICIAL: "演示责任单位",
    Role.INSPECTOR: "演示核验员",
    Role.ADMIN: "演示管理员",
}


@dataclass(frozen=True, slots=True)
class SampleUnits:
    """Sample units: per district (by the code that counts it) and top class of problem."""

    by_district: Mapping[tuple[str, str], ObjectId]
    elsewhere: ObjectId

    def for_problem(self, district: str | None, top_class: str) -> ObjectId:
        """The unit in charge of a class of problems in a district."""
        return self.by_district.get((district or "", top_class), self.elsewhere)


@dataclass(frozen=True, slots=True)
class Cast:
    """Who acts in the samples."""

    accounts: Mapping[Role, NewAccount]

    def actor(self, role: Role) -> Actor:
        return self.accounts[role].user.actor()

    def official_of(self, unit: ObjectId) -> Actor:
        """The sample official, as one who works in ``unit``: the sample cities have more officials than accounts."""
        who = self.accounts[Role.OFFICIAL].user.actor()
        return Actor(who.user_id, who.roles, frozenset({unit}), level=who.level)


async def add_units(services: Services) -> SampleUnits:
    """Add the sample units: a government per district, its departments below it, the office and the inspectors above none."""
    tree = await services.places.regions()
    by_district: dict[tuple[str, str], ObjectId] = {}
    for code, name in _districts(tree):
        government = await services.places.add_unit(f"{name}（演示）", region=code, demo=True)
        for top_class, bureau in BUREAUS.items():
            unit = await services.places.add_unit(f"{name}{bureau}（演示）", parent=government, region=code, demo=True)
            by_district[code, top_class] = unit
    elsewhere = await services.places.add_unit("市直部门（演示）", demo=True)
    await services.places.add_unit(OFFICE, demo=True)
    await services.places.add_unit(INSPECTORS, demo=True)
    return SampleUnits(by_district, elsewhere)


def _districts(tree: RegionTree) -> list[tuple[str, str]]:
    counted = {tree.district_for_counting(region.code) for region in tree if region.level == "community"}
    return sorted((code, tree[code].name) for code in counted if code is not None)


async def add_accounts(services: Services, units: SampleUnits) -> Cast:
    """One account per role; the official works in every department of the first district."""
    by_name = {unit.name: unit.id for unit in await services.places.units()}
    first = min(code for code, _ in units.by_district)
    own: Mapping[Role, tuple[ObjectId, ...]] = {
        Role.PUBLICITY: (by_name[OFFICE],),
        Role.INSPECTOR: (by_name[INSPECTORS],),
        Role.OFFICIAL: tuple(unit for (code, _), unit in units.by_district.items() if code == _busiest(units, first)),
    }
    accounts = {
        role: await services.accounts.add_user(
            role.value,
            ROLE_TITLES[role],
            Duties(frozenset({role}), unit_ids=own.get(role, ())),
            must_change_password=False,
            demo=True,
        )
        for role in Role
    }
    return Cast(accounts)


def _busiest(units: SampleUnits, otherwise: str) -> str:
    """张店区 where it is there: most sample stories lie in it."""
    return "370303" if ("370303", "1") in units.by_district else otherwise
