"""What people would have done with the sample deeds: consent and pictures, nominations, leads, releases."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from io import BytesIO

from bson import ObjectId
from PIL import Image, ImageDraw

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.events import Origin
from media_tracker.deeds.deed import ConsentWay, Level, Result
from media_tracker.deeds.documents import GoodDeed
from media_tracker.deeds.lead_rules import Caller, Channel, State
from media_tracker.deeds.nominations import ORDER
from media_tracker.deeds.pictures import PURPOSE
from media_tracker.demo.people import Cast
from media_tracker.errors import MediaTrackerError
from media_tracker.wiring import Services

MOST = 60
SIZE = (960, 720)
LEADS: Sequence[tuple[Channel, str, State]] = (
    (Channel.HOTLINE, "读者来电：同一小区还有一位老人多年义务打扫楼道，希望记者去看看。", State.STORY),
    (Channel.MESSAGE, "网友留言：当天在场的还有一名骑手，事后悄悄离开了，想一起感谢他。", State.DEED),
    (Channel.COMMENT, "评论说附近路口的盲道被占，走起来很危险。", State.NOTHING),
    (Channel.OUTLET, "媒体转来：外地读者愿意捐一批图书，问怎么联系。", State.FOLLOWED_UP),
    (Channel.HOTLINE, "读者来电：想了解怎样加入志愿队。", State.NEW),
    (Channel.VISIT, "来访者说当年也受过这位好心人的帮助，愿意讲一讲。", State.NEW),
)
KINDS = (
    ("bravery", "救|落水|起火|着火|接力|人梯|扶了"),
    ("honesty", "捡|拾|失主|归还|送还|失物|找回|旅行"),
    ("family", "婆婆|母亲|父亲|照顾|夫妻|一家"),
    ("dedication", "年|坚守|义务"),
)
HILLS = (("#cfe0d3", 470), ("#a9c8b2", 540), ("#7fae8f", 610), ("#5a9271", 665))


async def work_on_deeds(services: Services, cast: Cast, today: date) -> None:
    """Everything, for the sample deeds that are there, the oldest first."""
    deeds = [deed for deed in await services.deeds.recent(MOST) if deed.demo][::-1]
    editor, publicity = cast.actor(Role.EDITOR), cast.actor(Role.PUBLICITY)
    for place, deed in enumerate(deeds):
        key, version = str(deed.id), deed.version
        if place % 3 != 1:
            version = await _add_picture(services, key, version, editor)
        for person in deed.people:
            if person.consent is None and place % 3 != 2:
                by = (editor, Origin(editor.user_id))
                changed = await services.deed_work.agree(
                    key, str(person.id), version, ConsentWay.PHONE, today, deed.young, *by
                )
                version = changed.version
        version = await _nominate(services, deed, version, place, today, publicity)
        if place % 2 == 0:
            with suppress(MediaTrackerError):  # somebody in it has not agreed
                await services.deed_work.release(key, version, False, publicity, Origin(publicity.user_id))
    await _add_leads(services, deeds, editor)


async def _add_picture(services: Services, key: str, version: int, editor: Actor) -> int:
    stored = await services.files.save_image(draw(key), "demo.jpg", editor.user_id, PURPOSE)
    pictures = [(stored.id, "示意图", False)]
    return (await services.deed_pictures.add_photos(key, version, pictures, editor, Origin(editor.user_id))).version


async def _nominate(services: Services, deed: GoodDeed, version: int, place: int, today: date, publicity: Actor) -> int:
    """Some deeds are recommended, fewer come further; one is not chosen."""
    day = deed.first_published_at.astimezone(services.settings.zone).date() + timedelta(days=3)
    reached = {0: Level.CITY, 4: Level.DISTRICT, 8: Level.PROVINCE, 2: Level.RECOMMENDED, 6: Level.DISTRICT}
    top = reached.get(place % 12)
    if top is None:
        return version
    by = (publicity, Origin(publicity.user_id))
    for level in Level:
        if ORDER[level] > ORDER[top] or day > today:
            break
        lost = place == 6 and level is top
        result = Result.REFUSED if lost else Result.REACHED
        changed = await services.deed_work.nominate(str(deed.id), version, level, result, day, *by)
        version, day = changed.version, day + timedelta(days=9)
    return version


async def _add_leads(services: Services, deeds: Sequence[GoodDeed], editor: Actor) -> None:
    by = (editor, Origin(editor.user_id))
    now = services.clock()
    for place, (channel, about, state) in enumerate(LEADS):
        if place + 1 >= len(deeds):
            return
        deed, later = deeds[place], deeds[place + 1]
        story = deed.stories[0]
        at: datetime = min(story.published_at + timedelta(hours=26), now)
        caller = (
            Caller("演示来电人", f"0533-555{place:04d}", "白天方便接听") if channel is Channel.HOTLINE else Caller()
        )
        lead = await services.leads.take_in(
            str(ObjectId()), ObjectId(deed.id), story.story_id, channel, at, about, caller, *by, demo=True
        )
        if state is State.NEW:
            continue
        lead = await services.leads.follow_up(str(lead.id), lead.version, "已回访，情况属实。", *by)
        if state is State.FOLLOWED_UP:
            continue
        led_to = {State.STORY: later.stories[0].story_id, State.DEED: ObjectId(later.id)}.get(state)
        remark = "与报道无关，已答复。" if state is State.NOTHING else ""
        await services.leads.settle(str(lead.id), lead.version, state, led_to, remark, *by)


def kind_of(title: str) -> str:
    """Of which kind a sample deed is, by its headline."""
    return next((kind for kind, words in KINDS if re.search(words, title)), "kindness")


def draw(seed: str) -> bytes:
    """A JPEG of hills in the morning; ``seed`` decides which. It shows nobody, and nothing that is."""
    chance = random.Random(seed)  # noqa: S311 - a picture, not a secret
    image = Image.new("RGB", SIZE, "#f3ead6")
    pen = ImageDraw.Draw(image)
    x, y, radius = chance.randint(180, 780), chance.randint(150, 330), chance.randint(60, 96)
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill="#dd7a4f")
    for colour, height in HILLS:
        points = [(0, SIZE[1])]
        level = height - chance.randint(0, 60)
        for step in range(0, SIZE[0] + 120, 120):
            points.append((step, level))
            level += chance.randint(-42, 42)
        pen.polygon([*points, (SIZE[0], SIZE[1])], fill=colour)
    for _ in range(chance.randint(3, 6)):
        at, wing = (chance.randint(80, 880), chance.randint(90, 320)), chance.randint(12, 24)
        pen.arc((at[0] - wing, at[1], at[0], at[1] + wing), 180, 350, fill="#4a4f57", width=4)
        pen.arc((at[0], at[1], at[0] + wing, at[1] + wing), 190, 360, fill="#4a4f57", width=4)
    stream = BytesIO()
    image.save(stream, "JPEG", quality=84)
    return stream.getvalue()
