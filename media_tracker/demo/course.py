"""How the sample problems fare: which steps are taken, by whom, when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.events import Origin
from media_tracker.demo.people import Cast, SampleUnits
from media_tracker.demo.pictures import draw
from media_tracker.demo.timetable import Timetable
from media_tracker.problems.afterwards.facts import Found
from media_tracker.problems.afterwards.look_backs import open_occasions
from media_tracker.problems.case import Channel, Outcome, Report
from media_tracker.problems.documents import Problem
from media_tracker.problems.objections.rules import Contact, Way
from media_tracker.problems.service import NewProblem
from media_tracker.problems.steps import ROWS, Command, Step
from media_tracker.wiring import Services

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

UNTOLD: Sequence[str] = ("nothing", "deferred", "in_progress", "returned", "overdue", "claimed", "extended")
"""What becomes of problems that no follow-up story tells of, in turn."""

LOOK_BACK_DAYS = (5, 28)
"""When inspectors look again after a closing, if there is a look-back to be done by then."""
ONE_IS_LATE = 7
"""One problem in so many has been forgotten, so that the list shows what is late."""
RECENT = 10 * DAY
"""What began within this still has its unit's question, or somebody's objection, before it."""


@dataclass(slots=True)
class Course:
    """Puts the steps of problems into the timetable."""

    services: Services
    cast: Cast
    units: SampleUnits
    timetable: Timetable
    untold: int = 0

    def resolved(self, number: str, start: datetime, told: datetime) -> None:
        """Assigned, fixed before ``told`` (the follow-up's time), verified and closed after it."""
        self._dispatch(number, start)
        claim = max(min(told - 5 * HOUR, start + 2 * DAY), start + 5 * HOUR)
        self._claim(number, claim, Outcome.RESOLVED, "已清理整治，安排专人每日巡查，并公示责任人。")
        self._verify(number, claim + DAY, Outcome.RESOLVED)
        closed = claim + 2 * DAY
        self._step(number, closed, Role.PUBLICITY, Step.CLOSE)
        if int(number[-5:]) % ONE_IS_LATE:
            for days in LOOK_BACK_DAYS:
                self.timetable.at(closed + days * DAY, lambda: self._look_back(number))

    def partly(self, number: str, start: datetime, told: datetime) -> None:
        """Assigned and fixed in part; verified as such, so it stays uncounted."""
        self._dispatch(number, start)
        claim = max(told - 5 * HOUR, start + 5 * HOUR)
        self._claim(number, claim, Outcome.PARTLY_RESOLVED, "主体已整改，剩余部分列入计划，分步实施。")
        self._verify(number, claim + DAY, Outcome.PARTLY_RESOLVED)

    def disputed(self, number: str, start: datetime, told: datetime) -> None:
        """Called fixed, and found not to be: sent back for another round."""
        self._dispatch(number, start)
        claim = max(told - 2 * DAY, start + 6 * HOUR)
        self._claim(number, claim, Outcome.RESOLVED, "已完成清理。")
        self._step(number, told + 3 * HOUR, Role.INSPECTOR, Step.FAIL, "现场仍有堆放，与反馈不符。", on_site=True)

    def taken_back(self, number: str, at: datetime) -> None:
        """A closing that does not hold: revoked within 30 days."""
        self._step(number, at, Role.PUBLICITY, Step.REVOKE, "回访发现同一点位问题反复，撤销销号。")

    def untold_story(self, number: str, start: datetime) -> None:
        """Problems that no follow-up tells of take turns in standing at every stage."""
        what = UNTOLD[self.untold % len(UNTOLD)]
        self.untold += 1
        self._step(number, start + 3 * HOUR, Role.PUBLICITY, Step.ASSIGN)
        match what:
            case "claimed":
                self._own(number, start + DAY, Step.START, "已安排人员到场。")
                self._claim(number, start + 2 * DAY, Outcome.RESOLVED, "已完成整改，请核验。")
                self.timetable.at(start + 5 * HOUR, lambda: self._found_again(number))
            case "overdue":
                self._own(number, start + 20 * HOUR, Step.ACKNOWLEDGE)
                self._step(number, start + 6 * DAY, Role.PUBLICITY, Step.REMIND, "请尽快反馈进展。")
                self._step(number, start + 9 * DAY, Role.PUBLICITY, Step.SUPERVISE, "列入督办。")
                if self._is_recent(start):
                    self.timetable.at(start + 26 * HOUR, lambda: self._object(number))
            case "in_progress":
                self._own(number, start + DAY, Step.START, "方案已定，正在施工。")
            case "returned":
                self._own(number, start + DAY, Step.RETURN, "该点位不在本单位管辖范围。")
            case "deferred":
                review = self.timetable.now + 20 * DAY
                self._step(
                    number, start + 2 * DAY, Role.PUBLICITY, Step.DEFER, "需结合管网改造一并实施。", review_at=review
                )
            case "extended":
                self._own(number, start + DAY, Step.START, "设备采购中。")
                due = self.timetable.now + 10 * DAY
                self._own(number, start + 28 * HOUR, Step.ASK_EXTENSION, "设备到货需要时间，申请延期。", due_at=due)
                if not self._is_recent(start):
                    self._step(number, start + 2 * DAY, Role.PUBLICITY, Step.EXTEND, "情况属实，同意延期。", due_at=due)
            case _:
                self._own(number, start + DAY, Step.START, "已到场查看。")
                self._claim(number, start + 2 * DAY, Outcome.NOTHING_FOUND, "多次到场未发现所反映情况。")
                note = "两次到场，未见所反映的情况。"
                self._step(number, start + 3 * DAY, Role.INSPECTOR, Step.CONFIRM_NOTHING, note, on_site=True)

    def _is_recent(self, start: datetime) -> bool:
        return self.timetable.now - start < RECENT

    async def _look_back(self, number: str) -> None:
        """Inspectors look whether a fix has held, where they are to; it has."""
        problem = await self.services.problems.get(number)
        now = self.timetable.clock()
        if open_occasions(problem.case, now):
            photos = (await self._check_photo(number, Step.LOOK_BACK),)
            text = "回头看：点位整洁，未见反弹。"
            command = Command(Step.LOOK_BACK, now, text, found=Found.HOLDS, on_site=True, after=photos)
            who = self.cast.actor(Role.INSPECTOR)
            await self.services.look_backs.look_back(number, problem.case.version, command, who, _origin(who))

    async def _found_again(self, number: str) -> None:
        """A patrol reports what a story has told of already; the office sees that it is one problem, and merges the two."""
        stays = await self.services.problems.get(number)
        case, now = stays.case, self.timetable.clock()
        report = Report(id=ObjectId(), channel=Channel.PATROL, occurred_at=now, received_at=now)
        drawn = await self.services.problems.draw_number()
        title = f"巡查发现：{stays.place}问题"
        new = NewProblem(drawn, title, stays.place, case.category, case.region, demo=True)
        editor, office = self.cast.actor(Role.EDITOR), self.cast.actor(Role.PUBLICITY)
        goes = await self.services.problems.register(new, [report], editor, _origin(editor))
        ends = (drawn, goes.case.version), (number, case.version)
        await self.services.regrouping.merge(*ends, office, _origin(office), "与媒体曝光的为同一点位。")

    async def _object(self, number: str) -> None:
        """Somebody who was exposed objects by telephone; nobody has answered yet."""
        problem = await self.services.problems.get(number)
        office = self.cast.actor(Role.PUBLICITY)
        contact = Contact(name="某经营者（演示）", telephone="000-0000")
        text = "报道所称时段本店未营业，请核实。"
        about = (f"demo-{number}", problem.case.id, text, contact, Way.TELEPHONE)
        await self.services.objections.record(*about, office, _origin(office))

    def _dispatch(self, number: str, start: datetime) -> None:
        self._step(number, start + 2 * HOUR, Role.PUBLICITY, Step.ASSIGN)
        self._own(number, start + 3 * HOUR, Step.ACKNOWLEDGE)
        self._own(number, start + 4 * HOUR, Step.START, "已安排专人到场处置，明确完成时限。")

    def _verify(self, number: str, at: datetime, outcome: Outcome) -> None:
        note = "到场核查，照片与现场一致。"
        self._step(number, at, Role.INSPECTOR, Step.VERIFY, note, on_site=True, verified_outcome=outcome)

    def _claim(self, number: str, at: datetime, outcome: Outcome, text: str) -> None:
        async def act() -> None:
            before, after = await self._photos(number, outcome)
            values = {"outcome": outcome, "fixed_at": at - 2 * HOUR, "before": before, "after": after}
            await self._act(number, Step.CLAIM, None, text, values)

        self.timetable.at(at, act)

    async def _photos(self, number: str, outcome: Outcome) -> tuple[tuple[ObjectId, ...], tuple[ObjectId, ...]]:
        if outcome is Outcome.NOTHING_FOUND:
            return (), ()
        uploader = self.cast.actor(Role.OFFICIAL).user_id
        ids = []
        for name, fixed in (("before.jpg", False), ("after.jpg", True)):
            stored = await self.services.files.save_image(draw(number, fixed=fixed), name, uploader, "remediation")
            ids.append(stored.id)
        return (ids[0],), (ids[1],)

    async def _check_photo(self, number: str, step: Step) -> ObjectId:
        """What who looks has seen: the corner as it was, where the check failed, else in order."""
        inspector = self.cast.actor(Role.INSPECTOR).user_id
        picture = draw(number, fixed=step is not Step.FAIL, aside=True)
        return (await self.services.files.save_image(picture, "check.jpg", inspector, "check")).id

    def _own(self, number: str, at: datetime, step: Step, text: str = "", **values: Any) -> None:
        """A step by the unit in charge."""
        self.timetable.at(at, lambda: self._act(number, step, None, text, values))

    def _step(self, number: str, at: datetime, role: Role, step: Step, text: str = "", **values: Any) -> None:
        """A step by the office or the inspectors."""
        self.timetable.at(at, lambda: self._act(number, step, role, text, values))

    async def _act(self, number: str, step: Step, role: Role | None, text: str, values: dict[str, Any]) -> None:
        problem = await self.services.problems.get(number)
        command = replace(Command(step, self.timetable.clock(), text), **values)
        if command.on_site:
            command = replace(command, after=(await self._check_photo(number, step),))
        if step is Step.ASSIGN:
            command = replace(command, unit_id=self._unit(problem))
        who = self._official(problem) if role is None else self.cast.actor(role)
        changed = await self.services.problems.act(number, problem.case.version, command, who, _origin(who))
        if step is Step.ASSIGN:
            await self.services.orders.of_problem(number, who, _origin(who))
        case = changed.case
        if case.protection is not None and case.protected is None and case.state in ROWS[Step.PROTECT].sources:
            await self._act(number, Step.PROTECT, None, "已设置围挡和警示标志，安排专人看守。", {})

    def _unit(self, problem: Problem) -> ObjectId:
        return self.units.for_problem(problem.district, problem.case.category[:1])

    def _official(self, problem: Problem) -> Actor:
        assert problem.case.unit_id is not None  # only assigned problems get here
        return self.cast.official_of(problem.case.unit_id)


def _origin(who: Actor) -> Origin:
    return Origin(who.user_id, next(iter(who.units), None))
