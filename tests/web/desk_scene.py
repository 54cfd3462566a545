"""Stories on an editor's desk: outlets, stories as ingesting and tagging leave them, people, and problems that are known."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.accounts.duties import Duties
from media_tracker.db.events import SYSTEM, NewEvent
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.ingest.documents import DeskState, EvidenceSpan, Kind, Story, SuggestionRecord
from media_tracker.outlets.documents import OutletKind
from media_tracker.problems.documents import Problem
from media_tracker.problems.service import NewProblem
from media_tracker.tagging.service import ENTITY
from media_tracker.text.segment import search_tokens
from media_tracker.wiring import Services
from tests.web.browser import Browser

PASSWORD = "correct horse battery"
COMMUNITY = "370105001008"
"""无影潭社区, whose name no other region bears."""
PAVING = "101"
COVER = "102"
TITLE = "无影潭社区路面坑洼 居民出行难"
TEXT = "记者在无影潭社区三号楼前看到，路面坑洼不平。\n居民希望尽快修好。"


@dataclass
class Scene:
    """One installation. ``put_story`` adds to the desk; ``browser`` signs somebody in."""

    services: Services
    paper: ObjectId
    blogger: ObjectId
    put: int = 0

    @classmethod
    async def build(cls, services: Services) -> Scene:
        """A partner newspaper, a blogger, an editor, publicity staff and a viewer."""
        outlets, accounts = services.outlets, services.accounts
        paper = await outlets.add_outlet("示例晚报", OutletKind.NEWSPAPER, partner=True)
        blogger = await outlets.add_outlet("示例自媒体", OutletKind.SELF_MEDIA, partner=False)
        for role in (Role.EDITOR, Role.PUBLICITY, Role.VIEWER):
            duties = Duties(frozenset({role}))
            await accounts.add_user(role.value, f"{role.value} person", duties, password=PASSWORD)
        return cls(services, paper, blogger)

    @asynccontextmanager
    async def browser(self, username: str | None = "editor", *, chinese: bool = False) -> AsyncIterator[Browser]:
        """A browser, signed in as ``username`` unless that is None."""
        async with Browser(self.services, host="localhost") as browser:
            if username is not None:
                await browser.sign_in(username, PASSWORD)
            if chinese:
                browser.cookies.set("language", "zh_CN")
            yield browser

    async def put_story(
        self,
        title: str = TITLE,
        text: str = TEXT,
        *,
        kind: Kind = Kind.EXPOSURE,
        suggested: bool = True,
        hours_ago: float | None = None,
        published_at: datetime | None = None,
        outlet: ObjectId | None = None,
        **fields: Any,
    ) -> Story:
        """A story that waits, suggested to be of ``kind``; each one an hour older than the one before."""
        self.put += 1
        now = self.services.clock()
        ago = timedelta(hours=self.put if hours_ago is None else hours_ago)
        given = {"url": f"https://news.example/{self.put}", "cluster": None, **fields}
        story = Story(
            id=ObjectId(),
            outlet_id=outlet or self.paper,
            feed_id=self.paper,
            key=str(self.put),
            title=title,
            html=f"<p>{text}</p>",
            text=text,
            column="曝光台",
            published_at=published_at or now - ago,
            fetched_at=now,
            content_hash="h1",
            suggestion=suggestion(title, text, kind) if suggested else None,
            search=sorted(search_tokens(f"{title}\n{text}")),
            **given,
        )
        row = story.model_dump(by_alias=True, exclude={"id", "revision_id"})
        row["_id"] = story.id

        async def work(tx: Transaction) -> None:
            await self.services.database["stories"].insert_one(row, session=tx.session)
            tx.record(NewEvent(ENTITY, row["_id"], 1, "ingested", now))

        await Transactor(self.services.database, self.services.log).run(work, SYSTEM)
        return story

    async def story(self, story: Story) -> Story:
        """``story`` as it is now."""
        return await self.services.stories.get(str(story.id))

    async def put_problem(
        self, title: str = "无影潭社区路面破损", place: str = "三号楼前", *, category: str = PAVING
    ) -> Problem:
        """A problem in the community that the stories tell of."""
        number = await self.services.problems.draw_number()
        new = NewProblem(number, title, place, category, COMMUNITY)
        editor = Actor(ObjectId(), frozenset({Role.EDITOR}))
        return await self.services.problems.register(new, [], editor, SYSTEM)

    async def close_problem(self, problem: Problem, closed_at: datetime) -> None:
        """Have it closed at that time (the way there is another room's)."""
        changes = {"case.state": "closed", "case.closed_at": closed_at, "case.verified_at": closed_at}
        await self.services.database["problems"].update_one({"_id": problem.case.id}, {"$set": changes})

    async def decide(self, browser: Browser, story: Story, kind: Kind = Kind.EXPOSURE, **fields: str) -> Story:
        """Decide it over the desk's form."""
        now = await self.story(story)
        data = {"version": str(now.version), "kind": kind.value, **DECISION, **fields}
        response = await browser.post(f"/desk/{story.id}/decide", data)
        assert response.status_code == 303, response.text
        return await self.story(story)


DECISION = {"category": PAVING, "region": "无影潭社区", "place": "三号楼前"}


def suggestion(title: str, text: str, kind: Kind) -> SuggestionRecord:
    """What the machine makes of the story, with words that are in it."""
    evidence = [
        EvidenceSpan(field=field, start=match.start(), end=match.end(), label=label)
        for field, content in (("title", title), ("body", text))
        for words, label in (
            ("路面坑洼", f"category:{PAVING}"),
            ("无影潭社区", f"region:{COMMUNITY}"),
            ("坑洼", "kind:exposure"),
        )
        for match in re.finditer(words, content)
    ]
    tieable = kind in (Kind.EXPOSURE, Kind.FOLLOW_UP)
    return SuggestionRecord(
        model="test",
        content_hash="h1",
        kind=kind,
        kind_score=0.87,
        category=PAVING if tieable else None,
        category_score=0.64,
        region=COMMUNITY,
        region_score=0.9,
        place="三号楼前" if tieable else None,
        evidence=evidence,
    )


def key_of(story: Story) -> ObjectId:
    """Its id, for services that want one that is there."""
    return ObjectId(story.id)


def pending(story: Story) -> bool:
    """Whether it still waits for an editor."""
    return story.desk is DeskState.PENDING
