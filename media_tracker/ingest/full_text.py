"""From the page of an article to its text, for outlets whose feeds give no more than a summary. Pure.

trafilatura finds the article among navigation, related links and footers; what it finds is cleaned like everything else from
outside (``ingest/clean.py``). What is said *about* the article is read from the page itself (``ingest/article_page.py``).
A hostile page is bounded: by bytes, by tags (both tools take time in proportion to them) and by depth.
"""

from __future__ import annotations

import html as entities
import re
from configparser import ConfigParser
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from media_tracker.ingest.article_page import (
    MAX_PAGE_BYTES,
    decode_page,
    has_password_field,
    page_author,
    page_date,
    page_image,
    page_title,
    parse_page,
)
from media_tracker.ingest.clean import clean_html, plain_text
from media_tracker.ingest.entries import absolute_link
from media_tracker.ingest.feed_dates import Precision

if TYPE_CHECKING:
    from lxml.html import HtmlElement

PAGE_TYPES = "text/html, application/xhtml+xml, */*;q=0.1"
"""The ``Accept`` header for article pages."""

SHORTEST_ARTICLE = 80
"""Characters; less than that is a notice, a login form or a page of pictures, and no article."""

_SHORT_PAGE = 400
"""Characters, up to which a page that speaks like a barrier is one; an article *about* passwords is longer."""

_HTML_TYPES = ("text/html", "application/xhtml+xml", "application/xml", "text/xml", "text/plain")
_BARRIER = re.compile(
    r"页面(?:不存在|未找到|没有找到|无法访问|已删除|走丢)|找不到(?:该|您|你|此)?.{0,6}(?:页面|网页|文件|内容)"
    r"|您?(?:要)?访问的(?:页面|内容|文章)(?:不存在|已|被)|内容已被(?:发布者)?删除|此内容因违规|该文章已(?:被)?删除"
    r"|环境异常|完成验证后(?:即可)?继续|安全验证|访问验证|人机验证|拖动滑块|请?输入验证码|访问过于频繁|请求过于频繁|疑似.{0,4}攻击"
    r"|请(?:先)?登录后?(?:查看|阅读|继续|访问)|登录后(?:即可)?(?:查看|阅读)|扫码登录|请在微信客户端打开"
    r"|404 not found|page not found|403 forbidden|access denied|just a moment|captcha|enable javascript",
    re.IGNORECASE,
)
_BARRIER_TITLE = re.compile(
    r"(?:error\W*)?(?:404|403|502|503)\b.*|(?:用户|会员|账号)?登[录陆](?:页面?)?|(?:安全|访问|人机)?验证码?|(?:出错|错误)(?:了|页面?|提示)?"
    r"|(?:提示|系统)信息|sign ?in|log ?in|not found|forbidden",
    re.IGNORECASE,
)
_IMAGE = re.compile(r"<img\s[^<>]*?src=\"([^\"]+)\"")
_NOT_SAID = re.compile(r"[\W_]+")
_TRAILER = re.compile(
    r"(?:\.{3,}|…+|\[…\]|\[\.{3}\])?\s*[\[(（【]?(?:阅读全文|查看全文|全文|阅读更多|更多|详细|详情|read more|continue reading)?"
    r"\s*(?:>>|»|→)?[\])）】]?\s*$",
    re.IGNORECASE,
)
_TRAILER_CHARS = 40
_BEGINNING = 40
_PIECE = 4
_ALIKE = 0.6
_COMPARED = 20_000


@dataclass(frozen=True, slots=True)
class Article:
    """An article as its page has it. ``html`` is clean and safe to show, ``text`` is its text; neither repeats the title."""

    title: str
    html: str
    text: str
    author: str
    published: datetime | None
    """Aware, UTC; None where the page gives no date that can be believed."""
    precision: Precision
    """Of ``published``; ``day`` if there is none."""
    image: str | None
    """The first picture of the text, or else the one that the page gives for itself: an absolute link."""


def extract(body: bytes, content_type: str | None, url: str, zone: ZoneInfo, now: datetime) -> Article | None:
    """The article on the page ``body``, which came from ``url`` as ``content_type``; None where there is none.

    None too for what is no HTML, nests absurdly deep, or is a barrier: "not found", a login form, a captcha. Only the first
    5 MiB and 30,000 tags are read. ``zone`` is the clock of dates without one; dates after ``now`` are not believed.
    Costs some 10 ms for an ordinary page, up to about 2 s for one made to be slow: call it off the event loop.
    """
    if content_type and content_type.partition(";")[0].strip().lower() not in _HTML_TYPES:
        return None
    tree = parse_page(decode_page(body[:MAX_PAGE_BYTES], content_type))
    if tree is None:
        return None
    title = page_title(tree)
    html = _article_html(tree, url)
    text = plain_text(html)
    html, text = _without_title(html, text, title)
    if len(text) < SHORTEST_ARTICLE or _is_barrier(tree, title, text):
        return None
    date = page_date(tree, title, zone, now)
    first = next(
        (link for found in _IMAGE.findall(html) if (link := absolute_link(entities.unescape(found), url))), None
    )
    return Article(
        title=title,
        html=html,
        text=text,
        author=page_author(tree),
        published=date.moment if date else None,
        precision=date.precision if date else "day",
        image=first or page_image(tree, url),
    )


def should_replace(summary_text: str, article_text: str) -> bool:
    """Whether ``article_text``, from the page, is to stand in the place of ``summary_text``, from the feed.

    It must say more, and be the same story: contain how the summary begins, or most of what it says. A page that is about
    something else (a front page after a redirect, a login form) replaces nothing.
    """
    summary_text = summary_text.strip()
    summary = _said(summary_text[:-_TRAILER_CHARS] + _TRAILER.sub("", summary_text[-_TRAILER_CHARS:]))
    article = _said(article_text)
    if len(article) <= len(summary):
        return False
    if not summary:
        return len(article_text) >= SHORTEST_ARTICLE
    if summary[:_BEGINNING] in article:
        return True
    pieces = {summary[i : i + _PIECE] for i in range(max(1, len(summary) - _PIECE + 1))}
    return sum(piece in article for piece in pieces) >= _ALIKE * len(pieces)


def _article_html(tree: HtmlElement, url: str) -> str:
    """The article among the rest of the page, cleaned; empty where none is found."""
    from trafilatura import extract as trafilatura_extract

    try:
        found = trafilatura_extract(
            tree,
            url=url,
            output_format="html",
            include_images=True,
            include_links=True,
            include_formatting=True,
            include_comments=False,
            config=_config(),
        )
    except Exception:  # whatever a hostile page brings up in the library must not stop a worker
        return ""
    return clean_html(found, url) if found else ""


@cache
def _config() -> ConfigParser:
    """trafilatura's settings, without its last resort: where it finds no article it would give the text of the whole page."""
    from trafilatura.settings import use_config

    config = use_config()
    config.set("DEFAULT", "MIN_EXTRACTED_SIZE", "0")
    return config


def _without_title(html: str, text: str, title: str) -> tuple[str, str]:
    """Both without the title where the article begins with it."""
    first, _, rest = text.partition("\n")
    if not title or first != title:
        return html, text
    written = re.escape(entities.escape(title, quote=False))
    beginning = re.match(rf"\s*(?:<(h[2-4]|p)>\s*{written}\s*</\1>|{written})", html)
    return (html[beginning.end() :].strip(), rest) if beginning else (html, text)


def _is_barrier(tree: HtmlElement, title: str, text: str) -> bool:
    """Whether the page stands before an article instead of being one."""
    if _BARRIER_TITLE.fullmatch(title):
        return True
    if len(text) > _SHORT_PAGE:
        return False
    return has_password_field(tree) or bool(_BARRIER.search(f"{title}\n{text}"))


def _said(text: str) -> str:
    """Letters and digits alone: what a text says, however it is set."""
    return _NOT_SAID.sub("", text[:_COMPARED]).casefold()
