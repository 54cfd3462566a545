"""The words that made-up stories and problems are put together from. Nobody is meant by any of them. Pure."""

from __future__ import annotations

from random import Random

_WHERE = (
    "河畔",
    "山前",
    "清泉",
    "和平",
    "幸福",
    "东风",
    "槐树",
    "石桥",
    "新华",
    "柳林",
    "银杏",
    "向阳",
    "长青",
    "望岳",
    "南园",
)
_OF = ("路", "街", "小区", "社区", "巷", "广场", "市场", "公园")
_AT = ("北门", "南门", "东侧", "西侧", "路口", "门前", "地下通道", "停车场", "楼道", "花坛旁")
_WHAT = (
    *("垃圾桶满溢", "井盖破损", "路灯不亮", "乱停乱放", "小广告成片", "污水外溢", "消防通道被占", "飞线充电"),
    *("路面坑洼", "绿化带缺株", "占道经营", "公厕异味", "违建棚架", "噪声扰民", "宠物粪便无人清", "护栏损坏"),
)
_SINCE = ("一周无人清理", "多次反映", "昨日发现", "雨后严重", "影响通行", "存在隐患", "夜间更甚", "已有数月")
_SEEN = (
    *("记者现场看到，过往行人只能绕行。", "附近居民说，这种情况已经持续一段时间。", "商户表示，曾多次拨打热线反映。"),
    *("记者将继续关注处理进展。", "物业工作人员称，已向有关部门报告。", "傍晚时分，这里的车流明显增多。"),
    *("现场未见提示标志。", "几位老人提醒路人注意脚下。", "记者联系了所在街道，对方表示将尽快核实。"),
)
_FIXED = (
    *("记者回访看到，现场已经清理干净。", "责任单位安排专人每日巡查。", "居民对处理结果表示满意。"),
    *("施工人员正在做最后的收尾。", "街道表示，将举一反三，排查同类点位。", "路面已恢复平整，通行顺畅。"),
)
_TOLD = (
    *(
        "活动吸引了众多市民参加。",
        "志愿者把服务送到居民家门口。",
        "会议要求，压实责任，逐项推进。",
        "各部门通报了近期工作情况。",
    ),
    *(
        "下一步，将继续完善长效机制。",
        "现场发放宣传材料，并解答市民提问。",
        "相关负责人介绍了工作安排。",
        "市民纷纷点赞这一变化。",
    ),
    *("据了解，今年以来已开展同类活动多次。", "社区工作者走访入户，收集意见。", "文明实践站里，老人们学起了智能手机。"),
)
_GOOD = (
    *(
        "事后，这位热心人没有留下姓名。",
        "众人合力，老人转危为安。",
        "失主接过钱包，连声道谢。",
        "这一幕被路过的市民拍了下来。",
    ),
    *("同事说，这样的事他做过许多回。", "社区为他送去了感谢信。", "孩子平安回到家人身边。"),
)
_DEEDS = {
    "bravery": ("跳水救起落水者", "砸窗救出被困司机", "扑灭楼道初起火情"),
    "kindness": ("雨中护送老人回家", "常年照顾独居邻居", "义务理发不收分文"),
    "honesty": ("拾到钱包原地等候失主", "主动退还多付货款", "捡到手机辗转送还"),
    "dedication": ("坚守岗位三十年", "凌晨清扫从不缺勤", "带病坚持巡线"),
    "family": ("悉心照料患病家人", "家风故事传三代", "婆媳相处成佳话"),
}
_NEWS = (
    "文明实践活动走进",
    "志愿服务队来到",
    "创城工作推进会聚焦",
    "便民服务点落户",
    "交通文明劝导在",
    "环境整治行动走进",
)
_OTHER = ("周末天气晴好，游人来到", "文艺演出将走进", "新书分享会在", "体育赛事落幕于", "招聘专场设在")


def place(chance: Random) -> str:
    """Somewhere that there is not."""
    return f"{chance.choice(_WHERE)}{chance.choice(_OF)}{chance.choice(_AT)}"


def trouble(chance: Random, where: str) -> str:
    """What is wrong at ``where``."""
    return f"{where}{chance.choice(_WHAT)}，{chance.choice(_SINCE)}"


def exposing(chance: Random, title: str, number: int) -> str:
    """The text of an exposure; ``number`` makes it one of its kind."""
    return f"近日，市民反映{title}（来电登记{number}号）。{_some(chance, _SEEN, 4)}"


def following(chance: Random, title: str, number: int) -> str:
    """The text of a follow-up."""
    return f"本报此前报道的{title}（来电登记{number}号）一事有了进展。{_some(chance, _FIXED, 4)}"


def news(chance: Random, region: str, *, ours: bool) -> str:
    """The title of campaign copy, or of something else."""
    return f"{chance.choice(_NEWS if ours else _OTHER)}{region}{chance.choice(_WHERE)}{chance.choice(_OF)}"


def telling(chance: Random, title: str, number: int) -> str:
    """The text of campaign copy or of other news."""
    return f"{title}。活动编号{number}。{_some(chance, _TOLD, 5)}"


def deed(chance: Random) -> tuple[str, str]:
    """Of which kind a good deed is, and what was done."""
    kind = chance.choice(list(_DEEDS))
    return kind, f"市民{chance.choice(_DEEDS[kind])}"


def praising(chance: Random, title: str, where: str, number: int) -> str:
    """The text of a good-deed story."""
    return f"{title}。事情发生在{where}，线索{number}号。{_some(chance, _GOOD, 4)}"


def _some(chance: Random, sentences: tuple[str, ...], count: int) -> str:
    return "".join(chance.sample(sentences, count))
