"""Pages in the manner of Chinese local news sites, written for the tests: navigation, byline, related links, footer."""

from __future__ import annotations

TITLE = "小区消防通道被堵 物业：马上清理"
PARAGRAPHS = (
    "本报3月24日讯（记者 某某）近日，有市民反映，位于示例路的清泉小区消防通道长期被私家车占用，存在安全隐患。",
    "记者来到现场看到，小区南门的消防通道内停放着七八辆私家车，地面上“消防通道禁止停车”的黄色标线已经磨损。"
    "一位居民告诉记者，这种情况已经持续了两个多月，多次向物业反映都没有结果。",
    "随后，记者联系了小区物业。工作人员表示，将立即安排人员清理，并在入口处加装隔离桩，防止车辆再次驶入。",
)
BYLINE = "<span>2026-02-27 08:30</span>　<span>来源：示例晚报</span>　<span>作者：张某</span>　<span>点击：128</span>"
NAVIGATION = "".join(
    f"<li><a href='/{n}/'>{name}</a></li>"
    for n, name in enumerate(("首页", "新闻", "社会", "曝光台", "好人好事", "视频", "专题"))
)
RELATED = "".join(
    f"<li><a href='/2026/{n}.html'>{name}</a> <em>2026-01-0{n}</em></li>"
    for n, name in enumerate(
        ("河畔路下水道堵塞污水横流", "广场噪音扰民社区协调", "路灯不亮居民出行难", "垃圾堆放三天无人清"), 1
    )
)


def page(
    *,
    title: str = TITLE,
    paragraphs: tuple[str, ...] = PARAGRAPHS,
    byline: str = BYLINE,
    head: str = "",
    picture: str = "<p style='text-align:center'><img src='/uploads/2026/a.jpg' alt='现场'></p>",
    suffix: str = "_曝光台_示例新闻网",
) -> str:
    """A whole page around one article."""
    first, *rest = (f"<p>　　{text}</p>" for text in paragraphs)
    return (
        f"<!DOCTYPE html><html><head>{head}<title>{title}{suffix}</title>"
        "<script>var _site = {'loading': '/img/logo.png'};</script><style>p{text-indent:2em}</style></head><body>"
        f"<div class='top'><img src='/img/logo.png'><ul class='nav'>{NAVIGATION}</ul></div>"
        "<div class='location'>当前位置：<a href='/'>首页</a> &gt; <a href='/3/'>曝光台</a> &gt; 正文</div>"
        f"<div class='main'><div class='left'><h1>{title}</h1><div class='info'>{byline}</div>"
        f"<div class='content' id='content'>{first}{picture}{''.join(rest)}</div>"
        "<div class='editor'>责任编辑：李某</div><div class='share'>分享到：微信 微博</div></div>"
        f"<div class='right'><h3>相关新闻</h3><ul>{RELATED}</ul></div></div>"
        "<div class='foot'>版权所有 示例新闻网 未经授权不得转载 <a href='/about'>关于我们</a></div></body></html>"
    )
