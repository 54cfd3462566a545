"""PyMongo's own async client beside Motor, which it replaces (docs/decisions/0001)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from statistics import median
from typing import Any

from bson import ObjectId
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import AsyncMongoClient

from bench.table import rate, show

DATABASE = "media_tracker_bench_drivers"
DOCUMENTS = 2_000
READS = 6_000
AT_ONCE = 50
ROUNDS = 5

Work = Callable[[Any, list[ObjectId]], Awaitable[int]]


async def run(uri: str) -> None:
    pymongo_client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(uri)
    motor_client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(uri)
    collection = pymongo_client[DATABASE]["stories"]
    await collection.drop()
    ids = [ObjectId() for _ in range(DOCUMENTS)]
    await collection.insert_many([{"_id": each, "title": "演示" * 10, "text": "文" * 400} for each in ids])
    contenders = {"PyMongo Async": pymongo_client[DATABASE]["stories"], "Motor": motor_client[DATABASE]["stories"]}
    rows = []
    for name, work in {"point reads, 50 at once": _point_reads, "finds of 100 documents": _finds}.items():
        rates: dict[str, list[float]] = {each: [] for each in contenders}
        for _ in range(ROUNDS):  # in turn, so that both meet the same moods of the machine
            for contender, stories in contenders.items():
                rates[contender].append(await _per_second(work, stories, ids))
        ratio = median(rates["PyMongo Async"]) / median(rates["Motor"])
        rows.append([name, rate(rates["PyMongo Async"]), rate(rates["Motor"]), f"{ratio:.2f}×"])
    show("Drivers: operations per second, median of five (least–most)", ["work", *contenders, "ratio"], rows)
    await pymongo_client.drop_database(DATABASE)
    await pymongo_client.close()
    motor_client.close()


async def _per_second(work: Work, stories: Any, ids: list[ObjectId]) -> float:
    await work(stories, ids[:200])
    started = time.perf_counter()
    done = await work(stories, ids)
    return done / (time.perf_counter() - started)


async def _point_reads(stories: Any, ids: list[ObjectId]) -> int:
    async def reader(start: int) -> None:
        for number in range(start, READS, AT_ONCE):
            await stories.find_one({"_id": ids[number % len(ids)]})

    await asyncio.gather(*(reader(start) for start in range(AT_ONCE)))
    return READS


async def _finds(stories: Any, ids: list[ObjectId]) -> int:
    async def reader() -> None:
        for _ in range(4):
            await stories.find({}).limit(100).to_list(100)

    await asyncio.gather(*(reader() for _ in range(10)))
    return 40
