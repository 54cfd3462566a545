from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_tracker.ingest.article_page import MAX_PAGE_BYTES
from media_tracker.ingest.clean import clean_html
from media_tracker.ingest.full_text import SHORTEST_ARTICLE, Article, extract, should_replace
from tests.bounded import bounded

from .article_pages import BYLINE, PARAGRAPHS, TITLE, page

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
URL = "http://news.example/2026/0227/1.html"
GBK = "text/html; charset=gbk"


def read(text: str | bytes, content_type: str | None = "text/html; charset=utf-8") -> Article | None:
    return extract(text.encode() if isinstance(text, str) else text, content_type, URL, ZONE, NOW)


def article(text: str | bytes, content_type: str | None = "text/html; charset=utf-8") -> Article:
    found = read(text, content_type)
    assert found is not None
    return found


def test_the_article_is_found_among_the_rest_of_the_page() -> None:
    found = article(page())
    assert found.title == TITLE
    assert found.text.split("\n") == list(PARAGRAPHS)
    assert found.author == "张某"
    assert found.published == datetime(2026, 2, 27, 0, 30, tzinfo=UTC)
    assert found.precision == "minute"
    assert found.image == "http://news.example/uploads/2026/a.jpg"


def test_its_html_is_clean_and_its_links_are_absolute() -> None:
    evil = (
        *PARAGRAPHS,
        PARAGRAPHS[1] + "<a href='/next.html'>全部</a><a href='javascript:alert(1)'>坏</a><script>alert(1)</script>",
    )
    found = article(page(paragraphs=evil, picture="<img src='a.jpg' onerror='alert(1)'>"))
    assert found.html == clean_html(found.html)
    assert "alert" not in found.html
    assert "onerror" not in found.html
    assert 'href="http://news.example/next.html"' in found.html
    assert found.image == "http://news.example/2026/0227/a.jpg"


@pytest.mark.parametrize(
    ("head", "encoding", "content_type"),
    [
        ("", "gbk", "text/html"),
        ("", "gbk", None),
        ("<meta charset='gb2312'>", "gb18030", "text/html"),
        ("<meta http-equiv='Content-Type' content='text/html; charset=gb2312'>", "gbk", "text/html"),
        ("<meta charset=gbk>", "gbk", "text/html; charset=ISO-8859-1"),
        ("", "gbk", GBK),
        ("<meta charset='utf-8'>", "gbk", "text/html"),
        ("<meta charset='gb2312'>", "utf-8", "text/html"),
        ("", "big5", "text/html; charset=big5"),
        ("", "utf-16", "text/html"),
        ("", "utf-8-sig", "text/html"),
    ],
)
def test_the_charset_is_repaired(head: str, encoding: str, content_type: str | None) -> None:
    paragraphs: tuple[str, ...] = PARAGRAPHS
    if encoding == "big5":  # which has no simplified characters
        paragraphs = ("本報訊，記者在現場看到，小區南門的消防通道被占用，居民多次反映都沒有結果。" * 3,)
    title = "消防通道被占用" if encoding == "big5" else TITLE
    written = page(head=head, title=title, paragraphs=paragraphs, byline="", suffix="")
    found = article(written.encode(encoding, "ignore"), content_type)
    assert found.title == title
    assert found.text.startswith(paragraphs[0][:20])


def test_a_rare_character_of_gb18030_survives_a_declaration_of_gb2312() -> None:
    paragraphs = ("𠮷祥社区的镕先生来信说，" + PARAGRAPHS[0], *PARAGRAPHS[1:])
    found = article(page(head="<meta charset='gb2312'>", paragraphs=paragraphs).encode("gb18030"), "text/html")
    assert found.text.startswith("𠮷祥社区的镕先生来信说")


def test_a_page_of_utf8_with_a_broken_byte_stays_readable() -> None:
    body = page(head="<meta charset='utf-8'>").encode()
    found = article(body.replace("责任编辑".encode(), "责任编辑".encode()[:-1]))
    assert found.title == TITLE
    assert found.text.split("\n") == list(PARAGRAPHS)


@pytest.mark.parametrize(
    ("byline", "head", "expected"),
    [
        ("发布时间：2026年2月27日 8时30分", "", "2026-02-27T00:30 minute"),
        ("2026/02/27 08:30:15　来源：示例台", "", "2026-02-27T00:30 minute"),
        ("2026-02-27", "", "2026-02-26T16:00 day"),
        ("来源：示例台", "<meta name='publishdate' content='2026-02-27'>", "2026-02-26T16:00 day"),
        ("2026-02-27 08:30", "<meta name='PubDate' content='2026-02-27'>", "2026-02-27T00:30 minute"),
        ("", "<meta property='article:published_time' content='2026-02-27T08:30:00+08:00'>", "2026-02-27T00:30 minute"),
        ("", '<script>{"datePublished": "2026-02-27T08:30:00+08:00"}</script>', "2026-02-27T00:30 minute"),
        ("<time datetime='2026-02-27T00:30:00Z'>昨天</time>", "", "2026-02-27T00:30 minute"),
        ("发布时间：2126-02-27 08:30", "", None),
        ("发布时间：0000-00-00 00:00", "<meta name='date' content='9999-99-99'>", None),
        ("", "", None),
    ],
)
def test_the_date_is_read_where_such_sites_write_it(byline: str, head: str, expected: str | None) -> None:
    found = article(page(byline=byline, head=head))
    if expected is None:
        assert (found.published, found.precision) == (None, "day")
    else:
        assert found.published is not None
        assert f"{found.published:%Y-%m-%dT%H:%M} {found.precision}" == expected


@pytest.mark.parametrize(
    ("head", "byline", "author"),
    [
        ("<meta name='author' content='王某'>", "", "王某"),
        ("", "来源：示例晚报 记者：赵某 通讯员 钱某", "赵某"),
        ("<meta name='author' content='admin'>", "作者：来源：未知", ""),
        ("", "来源：示例晚报", ""),
    ],
)
def test_the_author_is_who_is_named_as_such(head: str, byline: str, author: str) -> None:
    assert article(page(head=head, byline=byline)).author == author


@pytest.mark.parametrize(
    ("title", "suffix", "expected"),
    [
        ("河畔社区：“小院议事”解难题", " - 示例市人民政府门户网站", "河畔社区：“小院议事”解难题"),
        ("垃圾清了", "-示例新闻网", "垃圾清了"),
        ("第1-2号通报", "|示例网", "第1-2号通报"),
    ],
)
def test_the_title_goes_without_the_name_of_the_site(title: str, suffix: str, expected: str) -> None:
    written = page(title=title, suffix=suffix)
    assert article(written).title == expected
    assert article(written.replace(f"<h1>{title}</h1>", "<h1><a href='/'>示例网</a></h1><h1></h1>")).title == expected


@pytest.mark.parametrize(
    "body",
    [
        "<div id='js_content' style='visibility: hidden'>"
        + "".join(f"<section><p>{p}</p></section>" for p in PARAGRAPHS)
        + "</div>",
        "<table><tr><td><a href='/'>首页</a></td></tr></table><table><tr><td align='center'><b>"
        + f"{TITLE}</b></td></tr><tr><td>{BYLINE}</td></tr><tr><td>"
        + "<br>　　".join(PARAGRAPHS)
        + "</td></tr></table>",
        "<div class='txt'>"
        + "".join(f"<div><span style='font-size:16px'><span>{p}</span></span></div>" for p in PARAGRAPHS)
        + "</div>",
    ],
)
def test_other_layouts_are_read_too(body: str) -> None:
    found = article(
        f"<html><head><title></title><meta property='og:title' content='{TITLE}'></head><body>{body}</body></html>"
    )
    assert found.title == TITLE
    assert found.text.replace("\n", "").endswith("".join(PARAGRAPHS))


def test_a_title_that_the_article_repeats_is_not_kept_twice() -> None:
    found = article(page(title="A & B：通道清了", paragraphs=("A & B：通道清了".replace("&", "&amp;"), *PARAGRAPHS)))
    assert found.text.split("\n") == list(PARAGRAPHS)
    assert "通道清了" not in found.html


@pytest.mark.parametrize(
    ("picture", "head", "expected"),
    [
        ("<p><img src='/img/blank.gif' data-src='/u/b.jpg'></p>", "", "http://news.example/u/b.jpg"),
        ("<p><img src='data:image/gif;base64,AA' data-original='/u/b.png'></p>", "", "http://news.example/u/b.png"),
        ("", "<meta property='og:image' content='//img.example/c.jpg'>", "http://img.example/c.jpg"),
        ("", "<meta property='og:image' content='javascript:alert(1)'>", None),
        ("", "", None),
    ],
)
def test_the_picture_is_a_link(picture: str, head: str, expected: str | None) -> None:
    assert article(page(picture=picture, head=head)).image == expected


LOGIN = "<form><input name='user'><input type='password'></form>"
FILLING = (
    "本站是示例市的新闻门户，提供新闻、社会、曝光、好人好事、视频和专题，欢迎关注我们的客户端和公众号，随时了解身边的大事小情，也欢迎来电来信。"
    * 2
)


@pytest.mark.parametrize(
    ("title", "paragraphs"),
    [
        ("404", (FILLING,)),
        ("出错了", (FILLING,)),
        ("提示信息", (FILLING,)),
        ("用户登录", (FILLING,)),
        ("示例新闻网", ("抱歉，您访问的页面不存在或已删除。" + FILLING,)),
        ("示例新闻网", ("当前环境异常，完成验证后即可继续访问。" + FILLING,)),
        ("示例新闻网", ("请登录后查看全文。" + FILLING,)),
        ("示例新闻网", ("您的访问过于频繁，请输入验证码。" + FILLING,)),
        ("该内容已被发布者删除", ("该内容已被发布者删除。" + FILLING,)),
        ("Just a moment...", ("Enable JavaScript and cookies to continue. " * 4,)),
        ("示例新闻网", (FILLING + LOGIN,)),
        ("一句话新闻", ("今天晴。",)),
        ("图片新闻", ("",)),
    ],
)
def test_a_page_that_stands_before_an_article_is_none(title: str, paragraphs: tuple[str, ...]) -> None:
    assert read(page(title=title, paragraphs=paragraphs)) is None


def test_an_article_about_passwords_is_an_article() -> None:
    text = (
        "近日，市民李女士收到陌生短信，要求她输入验证码并登录后查看账单，民警提醒：不要向任何人透露验证码。",
        *PARAGRAPHS * 3,
    )
    assert article(page(title="民警提醒：验证码不要告诉别人", paragraphs=text)).text.startswith("近日，市民李女士")


@pytest.mark.parametrize("content_type", ["application/pdf", "image/jpeg", "application/json; charset=utf-8"])
def test_what_is_no_page_is_none(content_type: str) -> None:
    assert read(page(), content_type) is None


@pytest.mark.parametrize(
    "body", [b"", b" ", b"\x00" * 1_000, b"%PDF-1.4", b"<", b"<!-- -->", b"<html></html>", b"\xff\xfe"]
)
def test_what_is_nothing_is_none(body: bytes) -> None:
    assert read(body, None) is None


TEXT = "<p>" + "".join(PARAGRAPHS) + "</p>"


@pytest.mark.parametrize(
    "body",
    [
        "<div>" * 50_000 + TEXT + "</div>" * 50_000,
        "<div>" * 50_000 + TEXT,
        "<span>" * 50_000 + TEXT,
        "<table><tr><td>" * 20_000 + TEXT,
        TEXT + "<p>啊</p>" * 300_000,
        TEXT + "<p>" + "啊<br>" * 300_000,
        TEXT + "<a href='/1'>新闻</a>" * 100_000,
        TEXT + "<img src='/a.jpg'>" * 100_000,
        TEXT + "<script" * 500_000,
        TEXT + "<!--" * 500_000,
        TEXT + "<meta charset=" * 300_000,
        TEXT + "<p " + 'a="b" ' * 300_000 + ">",
        TEXT + "<p>" + "2026-02-27 08:30 作者：" * 100_000,
        "<p>" + "啊" * 1_700_000,
        TEXT + "&lt;" * 1_000_000,
        "<title>" + "-" * 5_000_000,
        "<title>" + " - " * 1_500_000,
    ],
)
def test_a_page_made_to_be_slow_ends_soon(body: str) -> None:
    with bounded():
        found = read(f"<html><head></head><body><h1>{TITLE}</h1>{body}")
    assert found is None or len(found.html) <= 1_000_000


def test_no_more_than_five_mebibytes_are_read() -> None:
    late = "<p>" + "最后一段说的是另一件事，位置在五兆字节以后。" * 3 + "</p>"
    found = read(TEXT + "<!--" + "x" * MAX_PAGE_BYTES + "-->" + late)
    assert found is None or "另一件事" not in found.text


@settings(max_examples=60, deadline=timedelta(seconds=5))
@given(
    st.binary(max_size=2_000), st.sampled_from([None, "text/html", GBK, "text/html; charset=utf-16", "x; charset=\x00"])
)
def test_no_bytes_bring_it_down(body: bytes, content_type: str | None) -> None:
    found = read(body, content_type)
    assert found is None or len(found.text) >= SHORTEST_ARTICLE


@settings(max_examples=40, deadline=timedelta(seconds=5))
@given(st.data())
def test_no_mutilated_page_brings_it_down_or_gets_anything_unclean_through(data: st.DataObject) -> None:
    body = bytearray(page(byline=BYLINE + "<script>alert(1)</script>").encode())
    for _ in range(data.draw(st.integers(1, 8))):
        start = data.draw(st.integers(0, len(body)))
        body[start : start + data.draw(st.integers(0, 60))] = data.draw(st.binary(max_size=20))
    found = read(bytes(body))
    if found is not None:
        assert found.html == clean_html(found.html)
        assert "\x00" not in found.title + found.text + found.author


SUMMARY = PARAGRAPHS[0]
FULL = "\n".join(PARAGRAPHS)


@pytest.mark.parametrize(
    "summary",
    [
        "",
        SUMMARY,
        SUMMARY[:45] + "……",
        SUMMARY[:60] + "...[阅读全文]",
        SUMMARY[:30] + " [详细]",
        "　　" + SUMMARY.replace("，", ","),
        SUMMARY.replace("本报3月24日讯（记者 某某）近日，", ""),
        "清泉小区消防通道长期被私家车占用，工作人员表示，将立即安排人员清理",  # taken from two places
    ],
)
def test_a_full_text_takes_the_place_of_its_summary(summary: str) -> None:
    assert should_replace(summary, FULL)


@pytest.mark.parametrize(
    ("summary", "found"),
    [
        (FULL, FULL),
        (FULL, SUMMARY),
        (SUMMARY, "本站是示例市的新闻门户，提供新闻、社会、曝光、好人好事、视频和专题。" * 10),
        ("", "短"),
        ("", ""),
        ("图", ""),
        ("好人好事天天有", FULL),
    ],
)
def test_nothing_is_replaced_by_less_or_by_something_else(summary: str, found: str) -> None:
    assert not should_replace(summary, found)


@settings(max_examples=50)
@given(st.text(max_size=300), st.text(max_size=300))
def test_what_replaces_always_says_more(summary: str, found: str) -> None:
    if should_replace(summary, found):
        assert len(found) > 0
        assert not should_replace(found, summary)
