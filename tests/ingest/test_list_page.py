from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.errors import InvalidInput
from media_tracker.ingest.entries import MAX_ENTRIES, NotAFeed, ParsedFeed
from media_tracker.ingest.list_page import PageRules, checked_rules, read_page
from media_tracker.ingest.page_tree import MAX_PAGE_CHARS
from tests.bounded import bounded

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)


def read(body: str, rules: PageRules = PageRules("li")) -> ParsedFeed:  # noqa: B008 - frozen
    return read_page(f"<html><body>{body}</body></html>", rules, "http://news.example/list/", ZONE, NOW)


def titles(body: str, rules: PageRules = PageRules("li")) -> list[str]:  # noqa: B008 - frozen
    return [entry.title for entry in read(body, rules).entries]


def test_the_item_may_be_the_link_itself() -> None:
    (entry,) = read("<p><a class='n' href='1.html'>标题</a></p>", PageRules("a.n")).entries
    assert (entry.title, entry.link) == ("标题", "http://news.example/list/1.html")


def test_a_title_that_is_cut_short_is_completed_by_the_attribute() -> None:
    assert titles(
        "<li><a href=1 title='完整的标题'>完整的…</a></li><li><a href=2 title='提示'>标题</a></li>"
        "<li><a href=3 title='只有属性'></a></li><li><a href=4>没有属性...</a></li>"
    ) == ["完整的标题", "标题", "只有属性", "没有属性..."]


def test_the_link_with_words_goes_before_the_one_with_a_picture() -> None:
    (entry,) = read("<li><a href=pic><img src=1.jpg></a><a href=text>标题</a></li>").entries
    assert (entry.link, entry.image) == ("http://news.example/list/text", "http://news.example/list/1.jpg")


def test_the_title_and_the_summary_may_stand_elsewhere() -> None:
    rules = checked_rules("li", title="h3", summary="p.sum")
    (entry,) = read(
        "<li><h3>大 <i>标题</i></h3><a href=1>详情</a><p class=sum>摘要 5 &lt; 6<script>x</script></p>", rules
    ).entries
    assert (entry.title, entry.html) == ("大 标题", "<p>摘要 5 &lt; 6</p>")


@pytest.mark.parametrize(
    ("markup", "rule", "local", "precision"),
    [
        ("<span>2026-11-21</span>", "span", "2026-11-21T00:00", "day"),
        ("<span>11月21日</span>", "span", "2026-11-21T00:00", "day"),
        ("<span>2026年11月21日 08:30</span>", "span", "2026-11-21T08:30", "minute"),
        ("<span>昨天</span>", "span", "2026-11-21T00:00", "day"),
        ("<span>3小时前</span>", "span", "2026-11-22T09:00", "day"),
        ("<time datetime='2026-11-21T08:30:00+08:00'>昨天</time>", "", "2026-11-21T08:30", "minute"),
        ("<time datetime='?'>11-21 08:30</time>", "time", "2026-11-21T08:30", "minute"),
    ],
)
def test_the_date_of_an_item(markup: str, rule: str, local: str, precision: str) -> None:
    (entry,) = read(f"<li><a href=1>11月1日起停水</a>{markup}</li>", PageRules("li", date=rule)).entries
    assert entry.published == datetime.fromisoformat(local).replace(tzinfo=ZONE)
    assert entry.precision == precision


def test_a_date_that_cannot_be_is_counted_and_one_that_is_not_there_is_not() -> None:
    feed = read(
        "<li><a href=1>x</a><i>2199-01-01</i></li><li><a href=2>y</a><i>早上</i></li><li><a href=3>z</a><i></i></li>"
        "<li><a href=4>11月1日起停水</a></li>",
        PageRules("li", date="i"),
    )
    assert [entry.published for entry in feed.entries] == [None] * 4
    assert feed.warnings == ("2 dates were not used: unreadable, before 1990 or in the future.",)


def test_addresses_refer_to_the_base_of_the_page() -> None:
    page = "<html><head><base href='//cdn.example/x/'></head><body><li><a href=1>x</a></li></body></html>"
    feed = read_page(page, PageRules("li"), "https://news.example/list/", ZONE, NOW)
    assert feed.entries[0].link == "https://cdn.example/x/1"


def test_items_without_link_or_title_are_left_out_and_counted() -> None:
    feed = read("<li>标题栏</li><li><a href=1></a></li><li><a name=x>锚</a></li><li><a href=2>稿件</a></li>")
    assert [entry.title for entry in feed.entries] == ["稿件"]
    assert feed.warnings == ("3 items were left out: they have no link or no title.",)


def test_a_story_behind_a_script_is_kept_without_its_link() -> None:
    feed = read("<li><a href='javascript:open(1)'>稿件</a></li>")
    assert [(entry.title, entry.link) for entry in feed.entries] == [("稿件", None)]
    assert feed.warnings == ("1 links were not used: only http and https links are kept.",)


def test_at_most_two_thousand_items_are_taken() -> None:
    feed = read("<li><a href=1>x</a></li>" * (MAX_ENTRIES + 5))
    assert len(feed.entries) == MAX_ENTRIES
    assert feed.warnings == ("5 entries beyond the first 2000 were left out.",)


@pytest.mark.parametrize(
    "body",
    [
        "<li><a href=1>x</a></li>" + "x" * MAX_PAGE_CHARS,
        "<li><a href=1>x</a></li>" + "<div>" * 1_000,
        "<li><a href=1>x</a></li>" + "<p>" * 10_000,
        "<li><a href=1>x</a></li>" + ("<ul>" + "<b></b>" * 2_000 + "</ul>") * 40,
    ],
    ids=["long", "deep", "flat", "many elements"],
)
def test_of_a_page_beyond_measure_the_beginning_is_read(body: str) -> None:
    feed = read(body)
    assert [entry.title for entry in feed.entries] == ["x"]
    assert feed.warnings == ("The page is too large; only its beginning was read.",)


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("ul li", "abcde"),
        ("ul > li", "abcd"),
        ("div > ul > li", "abcd"),
        ("ol li", "e"),
        ("div ul ol > li", "e"),
        ("li + li", "bd"),
        ("li.x + li, ol > li", "de"),
        ("ol > li, li:first-child", "ace"),
        ("li:nth-child(2n)", "bde"),
        ("li:not(.x)", "abde"),
        ("li[class^='x']", "c"),
        ("li:has(i)", "d"),
        ("ol + li", ""),
    ],
)
def test_selectors_mean_what_they_mean_in_a_browser(selector: str, found: str) -> None:
    body = (
        "<div><ul><li><a href=1>a</a><li><a href=2>b</a></ul>"
        "<ul><li class=x><a href=3>c</a><li><i></i><a href=4>d</a><ol><p><li><a href=5>e</a></ol></ul></div>"
    )
    try:
        assert "".join(titles(body, PageRules(selector))) == found
    except NotAFeed:
        assert found == ""


@pytest.mark.parametrize(
    "selector",
    [
        *("div div div div div div div div a", "div", "*:contains('x')", "li + li + li", "div:has(a) li:has(a)"),
        *(
            "li:nth-child(2n)",
            "li:nth-last-of-type(2n+1)",
            "li:not(:nth-child(2n)):not(:nth-child(3n))",
            "*, * *, * * *",
        ),
    ],
)
@pytest.mark.parametrize("shape", ["deep", "wide"])
def test_no_page_makes_a_selector_take_long(shape: str, selector: str) -> None:
    link = "<a href=1>x</a>"
    deep = ("<div>" * 120 + link + "</div>" * 120) * 400
    wide = "<div>" + ("<ul>" + f"<li>{link}</li>" * 3_900 + "</ul>") * 6 + "</div>"
    with bounded(), suppress(NotAFeed):
        assert len(read(deep if shape == "deep" else wide, PageRules(selector)).entries) <= MAX_ENTRIES


def test_a_selector_that_matches_nothing_is_named() -> None:
    for page in ("<p>x</p>", ""):
        with pytest.raises(NotAFeed, match=r"The selector ul\.news > li matches nothing on this page\."):
            read(page, PageRules("ul.news > li"))
    with pytest.raises(NotAFeed):
        read_page("", PageRules("li"), "http://news.example/", ZONE, NOW)


def test_rules_are_checked_before_they_are_kept() -> None:
    assert checked_rules(" ul.news > li:not(.ad) ", "", "h3, h4", "span[title~='x']") == PageRules(
        "ul.news > li:not(.ad)", "a", "h3, h4", "span[title~='x']"
    )


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"item": ""}, {"item"}),
        ({"item": "li >> a"}, {"item"}),
        ({"item": "li", "link": "a[", "date": "::"}, {"link", "date"}),
        ({"item": "li", "title": "p ~ p"}, {"title"}),
        ({"item": "a" * 201}, {"item"}),
        ({"item": "li:no-such-thing"}, {"item"}),
        ({"item": "li\x00"}, {"item"}),
        ({"item": "li::before"}, {"item"}),
        ({"item": "ul:has(li a)"}, {"item"}),
        ({"item": "//li"}, {"item"}),
    ],
)
def test_wrong_selectors_are_named_each(wrong: dict[str, str], fields: set[str]) -> None:
    with pytest.raises(InvalidInput, match="Write CSS selectors") as caught:
        checked_rules(**wrong)
    assert set(caught.value.fields) == fields


@given(st.text(max_size=30))
def test_any_text_is_a_selector_or_not(selector: str) -> None:
    try:
        rules = checked_rules(selector, title=selector)
    except InvalidInput:
        return
    try:
        read("<ul><li class=x><a href=1>y</a></li></ul>", rules)
    except NotAFeed as error:
        assert selector.strip() in str(error)  # noqa: PT017 - either outcome is right
