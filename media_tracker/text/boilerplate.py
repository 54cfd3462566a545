"""Lines that an outlet puts around a story and that say nothing about it: sources, credits, hotlines, rights."""

from __future__ import annotations

import re

_SOURCE_LINE = re.compile(
    r"^[\s\[(【]*(?:"
    r"(?:来源|稿源|信息来源|原标题|原题|(?:责任|初审|本版|见习)?编辑|责编|美编|主编|编审|审核|审校|[初复终]审|校对|值班主任|值班"
    r"|(?:本报|见习|实习)?记者|通讯员|文/图|图/文|图文|文字|摄影|图片|作者|供稿|版权)[ :/]"
    r"|(?:免责)?声明:|扫描|扫码|长按|点击|想爆料|公益广告|更多精彩|欢迎关注|未经授权"
    r"|[^\n。,]{0,8}热线[ :\d]"
    r")[^\n]{0,80}$",
    re.MULTILINE,
)
_BYLINE_IN_BRACKETS = re.compile(r"[(\[【][^)\]】\n]{0,20}(?:记者|通讯员|来源|编辑|摄影)[^)\]】\n]{0,40}[)\]】]")


def blank_source_lines(text: str) -> str:
    """``text`` (normalised) with such lines, and bylines in brackets, as spaces: same length, so offsets stay true."""
    return _BYLINE_IN_BRACKETS.sub(_blank, _SOURCE_LINE.sub(_blank, text))


def _blank(match: re.Match[str]) -> str:
    return " " * (match.end() - match.start())
