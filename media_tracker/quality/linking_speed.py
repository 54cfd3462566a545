"""How long it takes to find a story's problem among 100,000 open ones, in a real database on this machine, one story at a time.

The problems are made up: streets, estates and troubles drawn from lists, with a story of about 400 characters each, so that
many share a place or a kind. Each asked story is a follow-up of one of them. Half of them come with their
category and place, as after a decision; half with a district only. The time is that of what the desk does: the story's
sketch, the search through the keys, the comparison.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from bson import ObjectId

from media_tracker.db.clock import system_clock
from media_tracker.db.connection import Database, open_database
from media_tracker.db.embedded import EmbeddedServer
from media_tracker.problems.case import Case, State
from media_tracker.problems.documents import Problem
from media_tracker.problems.linking.links import COLLECTION, INDEXES, Links, link_row
from media_tracker.problems.linking.matching import Wanted, sketch
from media_tracker.problems.linking.rarity import background_weights
from media_tracker.quality.measure import Measure
from media_tracker.taxonomy.categories import read_categories
from media_tracker.taxonomy.service import Taxonomy

PROBLEMS = 100_000
ASKED = 200
_ZONE = ZoneInfo("Asia/Shanghai")
_FROM = datetime(2022, 1, 1, tzinfo=UTC)
_FIRST = "金银玉春秋云星月山水花柳松竹梅兰桂枫杨槐东西南北中新安康和平"
_SECOND = "泉溪河湖岭坡园庭苑台桥塘湾港亭阁海江洲田林峰谷原野城阳光明华"
_KINDS = ("小区", "社区", "新村", "花园", "家园", "公寓", "市场", "广场", "公园", "学校")
_WHAT = (
    *("垃圾成堆没人清运", "井盖破损松动", "路灯不亮", "污水外溢", "消防通道被堵"),
    *("私拉电线充电", "小广告贴满墙", "绿化带被毁", "夜里施工", "电动车占道"),
)
_SAID = (
    *(
        "居民说已经好几个月了",
        "物业说正在协调",
        "街道工作人员说会到现场查看",
        "一到下雨天更难走",
        "老人和孩子出门要绕行",
    ),
    *("记者在现场看到", "附近的店主说", "志愿者自己动手清理过两次", "打过热线转了几个部门", "希望有关部门管一管"),
)


@dataclass(frozen=True, slots=True)
class Made:
    """A made-up problem and what is told of it."""

    place: str
    what: str
    text: str
    category: str
    region_path: tuple[str, ...]


def measure(data: Path) -> list[Measure]:
    """The 95th percentile in milliseconds, and how often the right problem is offered first. ``data`` is not looked at."""
    taken, first = asyncio.run(_run())
    task, name = "linking", f"{PROBLEMS:,} made-up problems"
    return [
        Measure(task, name, "p95, ms", float(np.percentile(taken, 95)), bar=50.0, better="lower"),
        Measure(task, name, "median, ms", float(np.median(taken)), better="lower"),
        Measure(task, name, "R@1", first),
    ]


async def _run() -> tuple[list[float], float]:
    with tempfile.TemporaryDirectory(prefix="media-tracker-linking-") as folder:
        async with (
            EmbeddedServer(Path(folder), cache_gb=1.0) as server,
            open_database(server.uri, "linking") as database,
        ):
            taxonomy = Taxonomy(database, system_clock)
            await taxonomy.put(read_categories())
            made = list(_made(random.Random(2022)))  # noqa: S311 (not a secret)
            ids = await _store(database, made)
            return await _ask(Links(database, taxonomy, _ZONE), made, ids)


async def _ask(links: Links, made: Sequence[Made], ids: Sequence[ObjectId]) -> tuple[list[float], float]:
    chosen = random.Random(7)  # noqa: S311 (not a secret)
    taken, hits = [], 0
    weights = background_weights()
    for number in range(ASKED + 5):
        own = chosen.randrange(len(made))
        problem = made[own]
        title, body = f"{problem.place}有变化了", f"{problem.place}{problem.what}一事有了结果。" + problem.text[150:360]
        known = number % 2 == 0
        started = time.perf_counter()
        wanted = Wanted(
            category_path=(problem.category, problem.category[0]) if known else (),
            region_path=problem.region_path if known else problem.region_path[:2],
            place=problem.place if known else "",
            at=_FROM + timedelta(days=400),
            sketch=sketch([(title, 1.0), (body, 1.0)], weights),
        )
        found = await links.nearest(wanted, 5)
        if number >= 5:  # the first ones warm the pool
            taken.append((time.perf_counter() - started) * 1000)
            hits += bool(found) and found[0].problem_id == ids[own]
    return taken, hits / ASKED


async def _store(database: Database, made: Sequence[Made]) -> list[ObjectId]:
    """Write what the problems are found by, as ``Links.put`` would."""
    ids: list[ObjectId] = []
    batch: list[dict[str, object]] = []
    for number, each in enumerate(made):
        at = _FROM + timedelta(minutes=5 * number)
        case = Case(
            id=ObjectId(),
            version=1,
            state=State.REGISTERED,
            registered_at=at,
            category=each.category,
            region=each.region_path[-1],
        )
        title = f"{each.place}{each.what}"
        problem = Problem.model_construct(
            number=str(number), title=title, place=each.place, case=case, region_path=list(each.region_path), demo=False
        )
        ids.append(case.id)
        batch.append(link_row(problem, (each.category, each.category[0]), [(title, each.text)], _ZONE))
        if len(batch) == 2_000 or number + 1 == len(made):
            await database[COLLECTION].insert_many(batch, ordered=False)
            batch = []
    await database[COLLECTION].create_indexes(INDEXES)
    return ids


def _made(draw: random.Random) -> Iterator[Made]:
    codes = [each.code for each in read_categories() if each.parent is not None]
    for _ in range(PROBLEMS):
        name = "".join((draw.choice(_FIRST), draw.choice(_SECOND), draw.choice(_KINDS)))
        place = f"{name}{draw.randrange(1, 60)}号楼"
        what = draw.choice(_WHAT)
        sentences = [f"{draw.choice(_SAID)}，{draw.choice(_FIRST)}{draw.choice(_SECOND)}路" for _ in range(18)]
        district, street, village = draw.randrange(9), draw.randrange(10), draw.randrange(35)
        path = (
            "370300",
            f"3703{district:02}",
            f"3703{district:02}{street:03}",
            f"3703{district:02}{street:03}{village:03}",
        )
        yield Made(place, what, f"{place}{what}。" + "。".join(sentences), draw.choice(codes), path)
