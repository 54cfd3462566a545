from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.ingest.clean import MAX_HTML_CHARS, clean_html, one_line, plain_text

REL = 'rel="noopener noreferrer nofollow"'
PIECES = (
    *(
        "<p>",
        "</p>",
        "<br>",
        "<b",
        ">",
        "<a href='",
        "javascript:alert(1)'>",
        "</a>",
        "<img src=x onerror=y>",
        "<td>",
    ),
    *(
        "<script>",
        "</script>",
        "<style>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<svg><p>",
        "<math>",
        "<table>",
        "&lt;",
    ),
    *(
        "&amp;lt;script&amp;gt;",
        "\x00",
        "\ud800",
        "\u3000",
        "中文",
        '"',
        "'",
        "=",
        " ",
        "\n",
        "<noscript>",
        "<template>",
    ),
    "&#0;",
)
MARKUP = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("正文", "正文"),
        ("<p class='a' style='color:red' id=x>段</p>", "<p>段</p>"),
        ("<script>alert(1)</script>段<style>p{}</style>", "段"),
        ("<p onclick=alert(1)>段</p>", "<p>段</p>"),
        ("<a href='http://a.example/'>链</a>", f'<a href="http://a.example/" {REL}>链</a>'),
        ("<a href='javascript:alert(1)'>链</a>", f"<a {REL}>链</a>"),
        ("<a href=' java&#10;script:alert(1)'>链</a>", f"<a {REL}>链</a>"),
        ("<a href='/logout'>链</a>", f"<a {REL}>链</a>"),
        ("<img src='https://a.example/1.jpg' alt='图' onerror=x width=1>", '<img src="https://a.example/1.jpg" alt="图">'),
        ("<img src='data:image/svg+xml,<svg onload=x>'>", ""),
        ("<img src='/logout'>", ""),
        ("<iframe src='http://a.example/'></iframe><form action=x><input></form>", ""),
        ("<h1>大</h1><h2>中</h2>", "大<h2>中</h2>"),
        ("<ul><li>一<li>二</ul>", "<ul><li>一</li><li>二</li></ul>"),
        ("<table><tr><td colspan=2 width=9>格</table>", '<table><tbody><tr><td colspan="2">格</td></tr></tbody></table>'),
        ("<!-- 注释 -->段", "段"),
        ("<svg><script>alert(1)</script></svg>段", "段"),
        ("5 < 6 & 7", "5 &lt; 6 &amp; 7"),
        ("&lt;script&gt;", "&lt;script&gt;"),
        ("\x00<p>段\x08</p>", "<p>段</p>"),
    ],
)  # fmt: skip
def test_only_harmless_markup_is_left(dirty: str, clean: str) -> None:
    assert clean_html(dirty) == clean


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("http://a.example/dir/1.html", '<img src="http://a.example/dir/x.png">'),
        ("javascript:alert(1)", ""),
        ("not an address", ""),
        ("http://[", ""),
        (None, ""),
    ],
)
def test_relative_addresses_are_resolved_against_a_web_address_only(base: str | None, expected: str) -> None:
    assert clean_html("<img src=x.png>", base) == expected


@given(MARKUP)
def test_nothing_that_runs_survives_and_cleaning_twice_changes_nothing(html: str) -> None:
    clean = clean_html(html, "http://a.example/")
    for tag in re.findall(r"<[^>]*>", clean):
        assert not re.search(r"<\s*(?:script|style|svg|math|iframe|object|form|template)|\son\w+\s*=|javascript:", tag)
    assert "\x00" not in clean
    assert clean_html(clean, "http://a.example/") == clean


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("正文", "正文"),
        ("第一段\n\n 第二段 ", "第一段\n第二段"),
        ("<p>第一段</p><p>第二段</p>", "第一段\n第二段"),
        ("一<br/>二<div>三</div>四", "一\n二\n三\n四"),
        ("<p>同一\n段里的\r\n换行</p>", "同一 段里的 换行"),
        ("<p>一 <b>粗</b>体<a href='http://a.example/?a=1&b=2'>链</a></p>", "一 粗体链"),
        ("<ul><li>甲</li><li>乙</li></ul>", "甲\n乙"),
        ("<table><tr><td>甲</td><td>乙</td></tr><tr><td>丙</td></tr></table>", "甲\n乙\n丙"),
        ("&ldquo;引&rdquo;&nbsp;&amp;&#20013;", "“引” &中"),
        ("<p>&amp;lt;b&amp;gt; 5 &lt; 6</p>", "&lt;b&gt; 5 < 6"),
        ("<script>var a = '<p>x</p>';</script>段<style>p{}</style><!-- y -->", "段"),
        ("　　首行缩进\u200b", "首行缩进"),
        ("<p title='a>b'>段</p>", "段"),
        ("&#0;a&#x1;b", "\ufffdab"),
        ("", ""),
    ],
)
def test_text_has_a_line_for_each_paragraph(html: str, text: str) -> None:
    assert plain_text(html) == text


@given(MARKUP)
def test_text_has_no_blank_lines_no_control_characters_and_no_stray_spaces(html: str) -> None:
    text = plain_text(html)
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]", text)
    for line in text.split("\n") if text else []:
        assert line
        assert line == line.strip()


@given(MARKUP)
def test_cleaning_first_keeps_the_words(html: str) -> None:
    def words(text: str) -> str:
        return re.sub(r"\s", "", text)

    assert words(plain_text(clean_html(html))) == words(plain_text(html))


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        ("  多\n余 的\t空格 ", "多 余 的 空格"),
        ("<b>粗</b>体", "粗体"),
        ("A &amp; B", "A & B"),
        ("&lt;b&gt;粗&lt;/b&gt;", "粗"),  # escaped twice by its feed
        ("5 < 6，7 > 6", "5 < 6，7 > 6"),
        ("标题<script>alert(1)</script>", "标题"),
        ("a\x00b\x1fc", "abc"),
        ("x" * 40, "x" * 19 + "…"),
        ("x" * 20, "x" * 20),
        ("<b>" * 5000, ""),
    ],
)
def test_a_label_is_one_line_without_markup(raw: str, title: str) -> None:
    assert one_line(raw, 20) == title


@pytest.mark.parametrize("tag", ["div", "b", "table", "blockquote", "ul><li", "font", "svg", "!--", "a"])
def test_absurd_nesting_neither_crashes_nor_hangs(tag: str) -> None:
    html = f"<{tag}>" * 100_000 + "字"
    assert len(clean_html(html)) < 4 * MAX_HTML_CHARS
    assert len(plain_text(html)) < MAX_HTML_CHARS
