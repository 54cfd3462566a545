"""A morning at the desk: a feed of thirty stories of every kind, as an outlet would publish them. All of it is made up."""

from __future__ import annotations

from dataclasses import dataclass

from media_tracker.ingest.documents import Kind

_ITEM = """<item><title>{title}</title><guid>desk-{number}</guid><link>https://paper.example/desk/{number}</link>
<category>{column}</category><pubDate>{{published}}</pubDate><description>{text}</description></item>"""
_FEED = """<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>样报</title>{items}</channel></rss>"""


@dataclass(frozen=True)
class Told:
    """A story of the feed, and what an editor would say that it is."""

    kind: Kind
    title: str
    text: str
    column: str = "民生"


def _stories() -> list[Told]:
    streets = ("和平街道", "车站街道", "公园街道", "马尚街道", "科苑街道", "体育场街道")
    wrong = ("垃圾桶满溢无人清运", "路面坑洼积水难行", "井盖破损露出缺口", "消防通道被车辆堵死", "小广告贴满楼道", "共享单车乱停乱放")
    told = []
    for number, (street, what) in enumerate(zip(streets, wrong, strict=True), 1):
        text = f"张店区{street}柳荫里{number}号院门前{what}，居民多次反映仍未解决，记者现场看到影响出行，特此曝光。"
        told.append(Told(Kind.EXPOSURE, f"柳荫里{number}号院：{what}", text, "曝光台"))
        fixed = f"此前本报曝光的{street}槐树里{number}号院{what}问题，经办单位已完成整改，现场恢复整洁，居民点赞。"
        told.append(Told(Kind.FOLLOW_UP, f"曝光有回音：槐树里{number}号院已整改", fixed, "曝光台"))
        kind = f"{street}居民老周清晨路过人工湖，见{number}名孩子落水，跳入水中把人救起后悄悄离开，被大家称为好人。"
        told.append(Told(Kind.GOOD_DEED, f"老周救起落水者之{number}", kind, "身边好人"))
        notice = f"{street}办事处发布通告：自下月{number}日起办理居民登记，请携带证件到服务大厅办理。"
        told.append(Told(Kind.NOTICE, f"{street}办事处通告第{number}号", notice, "公告"))
        other = f"第{number}届市民读书节在图书馆开幕，{number}百余名读者参加了朗诵会和书展，现场气氛热烈。"
        told.append(Told(Kind.OTHER, f"第{number}届市民读书节开幕", other, "文化"))
    return told


STORIES = _stories()
DOCUMENT = _FEED.format(
    items="".join(
        _ITEM.format(number=number, title=each.title, text=each.text, column=each.column)
        for number, each in enumerate(STORIES)
    )
)
