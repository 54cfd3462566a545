"""A morning at the desk: a feed of thirty stories of every kind, as an outlet would publish them. All of it is made up."""

from __future__ import annotations

from dataclasses import dataclass

from media_tracker.ingest.documents import Kind

_ITEM = """<item><title>{title}</title><guid>desk-{number}</guid><link>https://paper.example/desk/{number}</link>
<category>{column}</category><pubDate>{{published}}</pubDate><description>{text}</description></item>"""
_FEED = (
    """<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>样报</title>{items}</channel></rss>"""
)


@dataclass(frozen=True)
class Told:
    """A story of the feed, and what an editor would say that it is."""

    kind: Kind
    title: str
    text: str
    column: str = "民生"


_STREETS = ("和平街道", "车站街道", "公园街道", "马尚街道", "科苑街道", "体育场街道")
_WRONG = (
    ("垃圾桶满溢无人清运", "三只垃圾桶堆得冒尖，污水流到人行道上，苍蝇成群"),
    ("路面坑洼积水难行", "一下雨坑里全是泥水，电动车接连摔倒，井边还缺了一块砖"),
    ("井盖破损露出缺口", "铸铁盖子裂成两半，夜里没有灯，孩子放学从旁边绕着走"),
    ("消防通道被车辆堵死", "黄线上停满私家车，上月救护车进不来，只好把老人抬到路口"),
    ("小广告贴满楼道", "开锁、搬家、疏通的纸条从一层糊到六层，撕了又贴"),
    ("共享单车乱停乱放", "几十辆单车横在盲道上，地铁口的出入只剩一条缝"),
)
_KIND = (
    ("老周跳湖救起落水儿童", "清晨锻炼路过人工湖，听见呼救，衣服没脱就跳了下去，把孩子托上岸后悄悄离开"),
    ("出租车司机归还三万元货款", "收车时在后座发现一只布袋，里面是整捆现金，他守在上车点等了两个小时"),
    ("退休教师义务辅导十二年", "每个周末在社区活动室给双职工家的孩子补课，不收一分钱，教室的灯总是最后熄"),
    ("快递员冒火背出独居老人", "送件时看到窗口冒烟，撞开门把行动不便的老人背下五楼，自己烧伤了手臂"),
    ("儿媳照料瘫痪婆婆二十年", "翻身、喂饭、擦洗从没间断，邻居说婆婆身上没有生过一个褥疮"),
    ("献血志愿者累计捐献百次", "从二十岁起坚持无偿捐献，还带动同事成立了一支稀有血型小分队"),
)
_NOTICES = (
    ("供暖缴费开始办理的通告", "本供暖季缴费窗口自下月一日起受理，居民可以持卡到营业厅办理，也可以网上缴纳"),
    ("道路封闭施工的公告", "因雨污分流改造，北段半幅封闭九十天，请过往车辆按标志绕行"),
    ("招聘社区工作者的公告", "面向全市公开招聘六十名，报名时间为五天，笔试合格后参加面试"),
    ("停水检修的通知", "二级泵站更换阀门，周三零时至六时停水，请提前储水"),
    ("疫苗接种点调整的通知", "接种门诊迁至新址，预约电话不变，原址自周一起停止接待"),
    ("无偿开放体育场馆的通告", "节假日期间游泳馆和篮球馆分时段免费，须提前一天预约"),
)
_OTHERS = (
    ("市民读书节在图书馆开幕", "朗诵会、书展和作家见面会将持续一个月，首日接待读者两千余人"),
    ("秋季樱桃番茄迎来采摘期", "大棚里一片红，合作社通过直播卖出第一批，种植户笑得合不拢嘴"),
    ("高校男篮挺进全国八强", "加时赛最后一秒三分命中，主场球迷欢呼了十分钟"),
    ("陶瓷设计周评出十件金奖", "青年设计师的作品占了一半，评委说传统釉色有了新的样子"),
    ("铁路新增两对动车组列车", "早晨一班直达省城，全程四十二分钟，比原来快了一刻钟"),
    ("候鸟飞抵湿地越冬", "观鸟人一早守在芦苇边，数到了三百多只，其中有两只从没来过"),
)


def _stories() -> list[Told]:
    told = []
    for number, street in enumerate(_STREETS):
        what, seen = _WRONG[number]
        place = f"柳荫里{number + 1}号院"
        exposed = f"张店区{street}{place}门前{what}：{seen}。居民多次反映仍未解决，记者现场看到后予以曝光。"
        told.append(Told(Kind.EXPOSURE, f"{place}{what}", exposed, "曝光台"))
        former, _ = _WRONG[number - 1]
        yard = f"槐树里{number + 11}号院"
        fixed = f"本报曾曝光{street}{yard}{former}。昨天记者回访，责任单位已整改到位，居民说总算放心了。"
        told.append(Told(Kind.FOLLOW_UP, f"曝光追踪：{yard}{former}已整改", fixed, "曝光台"))
        for kind, column, (title, text) in (
            (Kind.GOOD_DEED, "身边好人", _KIND[number]),
            (Kind.NOTICE, "公告", _NOTICES[number]),
            (Kind.OTHER, "文化", _OTHERS[number]),
        ):
            told.append(Told(kind, title, f"{text}。", column))
    return told


STORIES = _stories()
DOCUMENT = _FEED.format(
    items="".join(
        _ITEM.format(number=number, title=each.title, text=each.text, column=each.column)
        for number, each in enumerate(STORIES)
    )
)
