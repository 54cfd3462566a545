"""Problems by the thousand, made up from a few words, spread over units, areas, categories, states and two years."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from media_tracker.accounts.actor import Level
from media_tracker.problems.case import Basis, Channel, EventType, Outcome, Precision, Report, Severity
from media_tracker.problems.casebook import follow, row_of
from media_tracker.problems.documents import Problem, Words
from media_tracker.problems.lifecycle import Decided
from media_tracker.wiring import Services

UNITS = 60
OUTLETS = 12
AT_ONCE = 1_000
IMPORTED = 0.3
"""This part was registered in one moment, as a list brings them."""

_WHERE = ("河畔", "山前", "清泉", "和平", "幸福", "东风", "槐树", "石桥", "新华", "柳林", "银杏", "向阳")
_OF = ("路", "街", "小区", "社区", "巷", "广场", "市场", "公园")
_AT = ("北门", "南门", "东侧", "西侧", "路口", "门前", "地下通道", "停车场", "楼道", "花坛旁")
_WHAT = (
    *("垃圾桶满溢", "井盖破损", "路灯不亮", "乱停乱放", "小广告", "污水外溢", "消防通道被占", "飞线充电"),
    *("路面坑洼", "绿化带缺株", "占道经营", "公厕异味", "违建棚架", "噪声扰民", "宠物粪便", "护栏损坏"),
)
_SINCE = ("一周无人清理", "多次反映", "昨日发现", "雨后严重", "影响通行", "存在隐患", "夜间更甚", "已有数月")

_FATES: Sequence[tuple[str, float]] = (
    *(("registered", 0.05), ("assigned", 0.10), ("in_progress", 0.08), ("claimed", 0.06), ("returned", 0.01)),
    *(("deferred", 0.02), ("rework", 0.01), ("verified", 0.04), ("closed", 0.60), ("not_accepted", 0.03)),
)
_WORKED_ON = frozenset({"in_progress", "claimed", "rework", "verified", "closed", "deferred"})
_CLAIMED = frozenset({"claimed", "rework", "verified", "closed"})


@dataclass(frozen=True, slots=True)
class Scene:
    """What the made-up problems refer to."""

    units: Sequence[ObjectId]
    outlets: Sequence[ObjectId]
    regions: Sequence[str]
    categories: Sequence[str]


async def set_scene(services: Services) -> Scene:
    """Units and outlets of their own, on the tables that are there."""
    units = [await services.places.add_unit(f"测试单位{number}") for number in range(UNITS)]
    tree = await services.places.regions()
    table = await services.taxonomy.table()
    return Scene(
        units,
        [ObjectId() for _ in range(OUTLETS)],
        sorted(region.code for region in tree if region.level in ("subdistrict", "community")),
        sorted(each.code for each in table.by_code.values() if each.parent is not None and each.active),
    )


async def make_problems(
    services: Services, scene: Scene, count: int, tell: Callable[[int], None] = lambda _: None
) -> None:
    """Write ``count`` problems, always the same ones for the same tables; without their events, which lists do not read."""
    chance = random.Random(20260302)  # noqa: S311 - nobody is kept out by it
    now = services.clock()
    rows: list[dict[str, Any]] = []
    for number in range(count):
        problem = _problem(chance, scene, now, number)
        await services.problems.tables.describe(problem)
        rows.append(row_of(problem))
        if len(rows) == AT_ONCE or number == count - 1:
            await services.database["problems"].insert_many(rows, ordered=False)
            tell(number + 1)
            rows = []


def _problem(chance: random.Random, scene: Scene, now: datetime, number: int) -> Problem:
    ages = 10 if chance.random() < IMPORTED else chance.randrange(1, 700 * 24 * 60) / 60 / 24
    at = now - timedelta(days=ages)
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    fate = chance.choices([name for name, _ in _FATES], [weight for _, weight in _FATES])[0]
    unit = scene.units[min(int(chance.expovariate(0.08)), len(scene.units) - 1)]
    decided = list(_history(chance, scene, fate, unit, at))
    problem_id = ObjectId()
    case, _ = follow(None, problem_id, decided, at)
    where = f"{chance.choice(_WHERE)}{chance.choice(_OF)}{chance.choice(_AT)}"
    return Problem(
        id=problem_id,
        number=f"{at.year}-{number:06d}",
        title=f"{where}{chance.choice(_WHAT)}，{chance.choice(_SINCE)}",
        place=where,
        words=[Words(seq=4, text=f"安排{chance.choice(_AT)}清理并复查", kind=EventType.STARTED)],
        case=case,
    )


def _history(chance: random.Random, scene: Scene, fate: str, unit: ObjectId, at: datetime) -> Iterator[Decided]:
    yield Decided(
        EventType.REGISTERED,
        {
            "category": chance.choice(scene.categories),
            "region": chance.choice(scene.regions),
            "severity": chance.choices(list(Severity), [1, 3, 12])[0],
            "long_standing": chance.random() < 0.02,
            "relapse_of": ObjectId() if chance.random() < 0.03 else None,
        },
    )
    exposed = chance.random() < 0.3
    outlet = chance.choice(scene.outlets) if exposed else None
    report = Report(
        id=ObjectId(),
        channel=Channel.EXPOSURE if exposed else chance.choice([Channel.TICKET, Channel.LIST, Channel.PATROL]),
        occurred_at=at,
        received_at=at,
        outlet_id=outlet,
        partner=exposed,
        outside_number=None if exposed else f"HZ-{at:%Y%m%d}-{chance.randrange(100_000):05d}",
    )
    yield Decided(EventType.REPORTED, report.model_dump())
    if fate == "not_accepted":
        yield Decided(EventType.NOT_ACCEPTED, {})
    elif fate != "registered":
        yield from _work(chance, scene, fate, unit, at)


def _work(chance: random.Random, scene: Scene, fate: str, unit: ObjectId, at: datetime) -> Iterator[Decided]:
    due = {"due_at": at + timedelta(days=chance.choice([3, 5, 7, 10, 15, 400]))}
    beside = [chance.choice(scene.units)] if chance.random() < 0.1 else []
    yield Decided(EventType.ASSIGNED, {"unit_id": unit, "co_unit_ids": beside, **due})
    if fate == "returned":
        yield Decided(EventType.RETURNED, {})
    if fate in _WORKED_ON:
        yield Decided(EventType.STARTED, {})
    if fate == "deferred":
        yield Decided(EventType.DEFERRED, {"review_at": at + timedelta(days=chance.randrange(20, 900))})
    if fate in _CLAIMED:
        claim = {"outcome": Outcome.RESOLVED, "fixed_at": at, "precision": Precision.MINUTE, "before": [], "after": []}
        yield Decided(EventType.CLAIMED, {**claim, "by": ObjectId(), "unit_id": unit})
    check = {"by": ObjectId(), "level": Level.CITY, "independent": True, "basis": Basis.ON_SITE, "story_id": None}
    if fate == "rework":
        yield Decided(EventType.FAILED, {**check, "photos": [], **due})
    if fate in ("verified", "closed"):
        yield Decided(EventType.VERIFIED, {**check, "photos": [], "outcome": Outcome.RESOLVED})
    if fate == "closed":
        yield Decided(EventType.CLOSED, {})
