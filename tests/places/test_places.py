"""Who may change the tables of regions and units."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.errors import Forbidden
from media_tracker.wiring import Services

STREET, BODY = "370303001", "3703GX"


@dataclass(frozen=True)
class Somebody:
    keeps_tables: bool


@pytest.mark.parametrize("role", Role)
def test_an_admin_keeps_the_tables_and_nobody_else(role: Role) -> None:
    assert Actor(ObjectId(), frozenset({role})).keeps_tables is (role is Role.ADMIN)


async def test_the_tables_stay_as_they_are_for_somebody_who_does_not_keep_them(services: Services) -> None:
    places, stranger = services.places, Somebody(keeps_tables=False)
    unit = str(await places.add_unit("环卫中心"))
    for tried in (
        places.add_unit("自设单位", by=stranger),
        places.set_unit_active(unit, False, by=stranger),
        places.set_administered_by(STREET, BODY, by=stranger),
    ):
        with pytest.raises(Forbidden):
            await tried
    assert [each.name for each in (await places.units()).active()] == ["环卫中心"]
    assert (await places.regions())[STREET].administered_by is None


async def test_who_keeps_the_tables_changes_them(services: Services) -> None:
    places, keeper = services.places, Somebody(keeps_tables=True)
    unit = str(await places.add_unit("环卫中心", by=keeper))
    await places.set_unit_active(unit, False, by=keeper)
    await places.set_administered_by(STREET, BODY, by=keeper)
    assert (await places.units()).active() == []
    assert (await places.regions())[STREET].administered_by == BODY
