"""The words that offices use in lists of problems: headings, states, sources, severities. Tables only. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from media_tracker.problems.case import Channel, Outcome, Severity


class Column(StrEnum):
    """What a column of a list may hold."""

    NUMBER = "number"
    TEXT = "text"
    CATEGORY = "category"
    TOP_CATEGORY = "top_category"
    DISTRICT = "district"
    SUBDISTRICT = "subdistrict"
    COMMUNITY = "community"
    REGION = "region"
    PLACE = "place"
    UNIT = "unit"
    CO_UNITS = "co_units"
    FOUND = "found"
    SOURCE = "source"
    STATE = "state"
    DUE = "due"
    FIXED = "fixed"
    ANSWER = "answer"
    REMARK = "remark"
    SEVERITY = "severity"


HEADINGS: Mapping[Column, tuple[str, ...]] = {
    Column.NUMBER: (
        "编号",
        "问题编号",
        "案件编号",
        "工单编号",
        "工单号",
        "案卷号",
        "任务编号",
        "问题编码",
        "number",
        "id",
    ),
    Column.TEXT: (
        *("问题", "问题描述", "问题内容", "存在问题", "具体问题", "问题名称", "问题详情", "主要问题", "发现问题"),
        *("问题简述", "问题情况", "曝光问题", "点位问题", "现状描述", "问题表现", "problem", "description"),
    ),
    Column.CATEGORY: (
        *(
            "类别",
            "问题类别",
            "类型",
            "问题类型",
            "分类",
            "问题分类",
            "小类",
            "问题小类",
            "二级类别",
            "二级分类",
            "子类",
        ),
        "category",
    ),
    Column.TOP_CATEGORY: ("大类", "问题大类", "一级类别", "一级分类"),
    Column.DISTRICT: (
        *("区县", "所属区县", "县区", "区", "县市区", "区市县", "所在区县", "责任区县", "行政区", "district"),
    ),
    Column.SUBDISTRICT: (
        *("街道", "镇街", "镇办", "街道镇", "镇街道", "街镇", "乡镇", "乡镇街道", "街道乡镇", "街道办", "街道办事处"),
        *("所属街道", "所属镇街", "所属镇办", "责任街道", "subdistrict"),
    ),
    Column.COMMUNITY: ("社区", "村居", "社区村", "村社区", "社区村居", "所属社区", "居委会", "责任社区", "community"),
    Column.REGION: ("区域", "所属区域", "属地", "辖区", "所属辖区", "行政区划", "责任区域", "region"),
    Column.PLACE: (
        *("地点", "位置", "具体位置", "点位", "点位名称", "问题地点", "地址", "详细地址", "具体地点", "问题位置"),
        *("发生地点", "问题点位", "所在位置", "place", "location"),
    ),
    Column.UNIT: (
        *(
            "责任单位",
            "主办单位",
            "牵头单位",
            "整改单位",
            "整改责任单位",
            "责任部门",
            "承办单位",
            "主责单位",
            "办理单位",
        ),
        *("处置单位", "主办", "unit"),
    ),
    Column.CO_UNITS: ("协办单位", "配合单位", "配合部门", "协办部门", "协办", "协助单位"),
    Column.FOUND: (
        *("发现时间", "上报时间", "发现日期", "上报日期", "反映时间", "检查时间", "检查日期", "曝光时间", "登记时间"),
        *("交办时间", "交办日期", "受理时间", "立案时间", "问题时间", "时间", "日期", "found"),
    ),
    Column.SOURCE: ("来源", "问题来源", "线索来源", "信息来源", "上报渠道", "渠道", "source"),
    Column.STATE: (
        *("状态", "整改状态", "办理状态", "问题状态", "整改结果", "完成情况", "是否整改", "是否完成", "是否销号"),
        *("整改进度", "办结状态", "销号情况", "是否整改到位", "处理状态", "state", "status"),
    ),
    Column.DUE: (
        *(
            "整改时限",
            "截止时间",
            "整改期限",
            "完成时限",
            "办理时限",
            "截止日期",
            "限期",
            "要求完成时间",
            "整改截止时间",
        ),
        *("计划完成时间", "规定时限", "时限", "办结时限", "due"),
    ),
    Column.FIXED: (
        *(
            "整改时间",
            "办结时间",
            "完成时间",
            "整改完成时间",
            "销号时间",
            "整改日期",
            "办结日期",
            "完成日期",
            "解决时间",
        ),
        *("反馈时间", "实际完成时间", "结案时间", "fixed"),
    ),
    Column.ANSWER: (
        *(
            "整改情况",
            "整改措施",
            "办理情况",
            "处理情况",
            "处置情况",
            "整改说明",
            "办理结果",
            "反馈情况",
            "整改落实情况",
        ),
        "答复",
    ),
    Column.REMARK: ("备注", "说明", "备注说明", "remark"),
    Column.SEVERITY: ("严重程度", "紧急程度", "问题等级", "等级", "级别", "重要程度", "优先级", "severity"),
}
"""Each column's headings, the usual one first; in several columns of one meaning the first that stands in the sheet counts."""

NOT_READ = frozenset({"序号", "整改前照片", "整改后照片", "照片", "图片", "联系人", "联系电话", "责任人", "no"})
"""Headings that lists have and that say nothing to an import: the count of rows, pictures, people."""

_REMARKS = re.compile(r"\(.*?\)|\[.*?\]|【.*?】|[\s*:_/、，,（）()]")


def heading_key(cell: str) -> str:
    """A heading as ``HEADINGS`` has it: 问 题 描 述（必填） is 问题描述, 镇/街道 is 镇街道."""
    return _REMARKS.sub("", unicodedata.normalize("NFKC", cell[:50])).casefold()


BY_HEADING: Mapping[str, Column] = {heading: column for column, all_ in HEADINGS.items() for heading in all_}


class Stage(StrEnum):
    """How far a list says that a problem is. Nothing beyond *claimed*: that it is verified only somebody here can say."""

    WAITING = "waiting"
    IN_PROGRESS = "in_progress"
    RETURNED = "returned"
    CLAIMED = "claimed"
    NOT_ACCEPTED = "not_accepted"


@dataclass(frozen=True, slots=True)
class Progress:
    """What a state in a list means here."""

    stage: Stage
    outcome: Outcome | None = None
    long_standing: bool = False


def _table(*rows: tuple[Progress, str]) -> dict[str, Progress]:
    return {word: progress for progress, words in rows for word in words.split()}


STATES: Mapping[str, Progress] = _table(
    (
        Progress(Stage.WAITING),
        "未整改 未解决 待整改 未处理 待处理 未办结 未完成 未销号 待销号 新增 登记 已登记 待办 已上报 立案 已立案 "
        "受理 已受理 待派遣 待交办 "
        "交办 已交办 派遣 已派遣 已派单 转办 已转办 签收 已签收 未反馈 待反馈 未整改到位 未落实 否 × open",
    ),
    (
        Progress(Stage.IN_PROGRESS),
        "整改中 正在整改 处理中 正在处理 办理中 正在办理 处置中 推进中 进行中 在办 部分整改 部分完成 部分解决 未完全整改 "
        "限期整改 "
        "in_progress",
    ),
    (
        Progress(Stage.IN_PROGRESS, long_standing=True),
        "长期整改 长期坚持 长期推进 持续整改 持续推进 挂账 挂账整改 暂缓 列入计划 纳入计划 老大难",
    ),
    (
        Progress(Stage.CLAIMED, Outcome.RESOLVED),
        "已整改 整改完成 已整改完成 整改完毕 已整改完毕 整改到位 已整改到位 已完成整改 完成整改 已完成 完成 已解决 解决 "
        "办结 已办结 "
        "已反馈 反馈 已回复 已答复 销号 已销号 核验通过 已核验 待核验 待核查 已核查 验收 已验收 结案 已结案 "
        "已处置 已处理 处理完成 "
        "已清理 已修复 已落实 是 √ ✓ ✔ closed resolved",
    ),
    (Progress(Stage.CLAIMED, Outcome.PARTLY_RESOLVED), "基本整改 基本完成 基本解决 基本整改到位 基本整改完成"),
    (
        Progress(Stage.CLAIMED, Outcome.NOTHING_FOUND),
        "不属实 情况不属实 查无问题 查无此问题 问题不存在 不存在 未发现问题 查无此事",
    ),
    (Progress(Stage.RETURNED), "退单 已退单 退回 已退回 退件 已退件"),
    (Progress(Stage.NOT_ACCEPTED), "不予受理 不受理 不予立案 作废 已作废 撤单 已撤单"),
)
"""States as offices write them. 已整改, 已核验 and 已销号 are all the same here: somebody says that it is done."""

SEVERITIES: Mapping[str, Severity] = {
    **dict.fromkeys(["紧急", "特急", "加急", "重大", "特别严重", "urgent", "高"], Severity.URGENT),
    **dict.fromkeys(["重点", "较大", "严重", "重要", "较重", "key", "中"], Severity.KEY),
    **dict.fromkeys(["一般", "普通", "较轻", "轻微", "正常", "normal", "低"], Severity.NORMAL),
}

_SOURCES: tuple[tuple[Channel, str], ...] = (
    (Channel.TICKET, "12345 热线 工单 数字城管 数字化城管 网格 信访"),
    (Channel.SNAPSHOT, "随手拍 市民 群众 居民 网民 投诉"),
    (Channel.PATROL, "巡查 巡访 督查 督导 督办 暗访 检查 测评 巡视 自查 排查 实地"),
)


def channel_of(source: str) -> Channel:
    """By which door a problem came in, by what the list says of its source. What is not told by a word is the list itself.

    Media are no source of a list here: an exposure is a story, which an editor ties to the problem.
    """
    return next((channel for channel, words in _SOURCES if any(word in source for word in words.split())), Channel.LIST)


NO_LIMIT = frozenset(
    [
        "长期",
        "长期坚持",
        "长期整改",
        "持续",
        "持续整改",
        "常态化",
        "常态化推进",
        "无",
        "待定",
        "另行通知",
        "-",
        "—",
        "/",
        "不限",
    ]
)
"""What stands in the column of deadlines where there is none."""
AT_ONCE = frozenset(
    [
        "立行立改",
        "立即整改",
        "立即",
        "即知即改",
        "即查即改",
        "即行即改",
        "边查边改",
        "当日",
        "当天",
        "当场",
        "立整立改",
        "马上",
    ]
)
"""Deadlines that mean the day of the finding."""

FOOTERS = (
    "合计",
    "总计",
    "小计",
    "填表人",
    "制表",
    "审核",
    "填报",
    "注:",
    "注：",
    "备注:",
    "备注：",
    "说明:",
    "说明：",
)
"""How rows begin that stand under a list and are none of it."""
