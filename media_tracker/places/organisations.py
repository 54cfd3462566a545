"""Where a text names an organisation: 市场监督管理局, 公园管理处, 交警大队. By the words that such names end in. Pure.

Names of organisations are made of words that places end in (*市场*监督管理局), so whoever looks for places must know them.
Only endings that hardly stand for anything else are known, with what has to come before: 管理处 is an office, 一处 is not.
"""

from __future__ import annotations

import re

_OFFICES = (
    r"(?<=[\u4e00-\u9fff])(?<![邮布结格饭药])局(?![面部势限促])|检察院|法院|政府|妇联|残联|总?工会|指挥部|项目部|经营部|党支部"
    r"|委员会|[居村业党纪工管区市县团][党纪工团]?委会?(?![托派屈婉员])|领导小组|工作组|专班|协会|学会|商会|联合会|总会|基金会|合作社"
)
_COMPANIES = r"公司|集团|事务所|报社|电视台"
_WITH_DUTIES = (
    r"(?:街道|[乡镇]|文明|创建|创城|双创|整治|综治|应急|防汛|河长|信访|督查|宣传|治堵|拆违|环保|棚改|指挥|体育|外事|攻坚)办"
    r"|办公室|办事处"
    r"|(?:[大中支总分]|执法|消防|救援|巡逻|巡防|施工|工程|养护|环卫|保洁|服务|志愿者?|抢修|维修|执勤)队(?!列)"
    r"|(?:服务|指挥|管理|监测|环卫|卫生|市政|园林|绿化|养护|执法|保障|事务|救助|救援|融媒体?|传媒|新闻|调度|控制|推进|发展|促进"
    r"|治理|运营|维护|督查|文化|信息|检测|检验|交易|审批|举报|公路|道路|路灯|河道|水利)中心(?!路|街|大道|广场|小区|城|花园)"
    r"|(?:管理|环卫|卫生|园林|绿化|路灯|市政|公路|养护|执法|排水|供热|房管|运管|河道|水利|监督)处(?![理罚置境于])"
    r"|(?:派出|管理|监管|监督|环卫|税务|司法|工商|执法|供电|研究|交管|车管|房管|财政)所"
    r"|(?:管理|监督|监测|检测|养护|环卫|防疫|执法|气象|水文|供电)站"
)
_ENDING = re.compile(f"{_OFFICES}|{_COMPANIES}|{_WITH_DUTIES}")
_NOT_IN_A_NAME = re.compile(r"[^\u4e00-\u9fff]|有(?!限)|[的了在到于被把从里旁是没不这那我你他她它们已将但也都就来去]")
_LONGEST_REST = 12
"""Characters of a name that may stand between a place's word in it and its ending."""


def organisation(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Span of the ending of the first organisation named in ``text[start:end]``; None without one."""
    found = _ENDING.search(text, start, end)
    return found.span() if found else None


def is_one_name(text: str, start: int, ending: int) -> bool:
    """Whether the words from ``start`` to the ``ending`` of an organisation can all be of its name."""
    return ending - start <= _LONGEST_REST and _NOT_IN_A_NAME.search(text, start, ending) is None
