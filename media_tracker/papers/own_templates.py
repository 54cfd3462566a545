"""Templates that this office has put in the place of ours. The only writer of their collection.

Every edition is kept; the newest one of a paper and a language is used, and one without a file means ours again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.papers.shipped import Paper, shipped

COLLECTION = "paper_templates"
INDEXES = [IndexModel([("paper", ASCENDING), ("language", ASCENDING), ("_id", DESCENDING)], name="paper_language")]


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition of a template. ``digest`` "": ours."""

    paper: Paper
    language: str
    filename: str
    digest: str
    """SHA-256 of the file."""
    by: ObjectId | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Template:
    """The file that a paper is made with. ``own``: somebody has uploaded it, so it is not to be trusted."""

    data: bytes
    own: bool


class OwnTemplates:
    """Keeps what offices upload, and says which template is used."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._editions = database[COLLECTION]
        self._clock = clock

    async def used(self, paper: Paper, language: str) -> Template:
        """The template of ``paper`` in ``language``."""
        row = await self._newest(paper, language)
        if row is None or row["data"] is None:
            return Template(shipped(paper, language), own=False)
        return Template(bytes(row["data"]), own=True)

    async def edition(self, paper: Paper, language: str) -> Edition | None:
        """The edition that is used; None: nobody has ever put another one in."""
        row = await self._newest(paper, language, without_data=True)
        return _edition(row) if row is not None else None

    async def put(
        self,
        paper: Paper,
        language: str,
        data: bytes | None,
        filename: str,
        by: ObjectId,
        session: AsyncClientSession | None = None,
    ) -> None:
        """Use ``data`` from now on, which has been checked; None: ours again."""
        await self._editions.insert_one(
            {
                "paper": paper.value,
                "language": language,
                "data": data,
                "filename": filename,
                "digest": hashlib.sha256(data).hexdigest() if data else "",
                "by": by,
                "at": self._clock(),
            },
            session=session,
        )

    async def editions(self, paper: Paper, language: str) -> Sequence[Edition]:
        """The last twenty, the newest first."""
        wanted = {"paper": paper.value, "language": language}
        rows = self._editions.find(wanted, {"data": 0}).sort("_id", -1).limit(20)
        return [_edition(row) async for row in rows]

    async def _newest(self, paper: Paper, language: str, *, without_data: bool = False) -> Json | None:
        wanted = {"paper": paper.value, "language": language}
        return await self._editions.find_one(wanted, {"data": 0} if without_data else None, sort=[("_id", -1)])


def _edition(row: Json) -> Edition:
    return Edition(Paper(row["paper"]), row["language"], row["filename"], row["digest"], row["by"], row["at"])
