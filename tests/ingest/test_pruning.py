"""What pruning promises: reading without the known entries gives what reading the whole feed gives, without those entries."""

from __future__ import annotations

import html
import os
import random
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_tracker.ingest.entries import MAX_ENTRIES, NotAFeed, ParsedFeed
from media_tracker.ingest.feed_encoding import decode_feed
from media_tracker.ingest.identity import duplicated_guids, identity_key
from media_tracker.ingest.parse import parse_feed
from media_tracker.ingest.pruning import Identity, Memory, News, pack, prune, read_news, recall

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HERE = Path(__file__).parent
CAPTURES = HERE.parents[1] / "feeds" / "captures"
ATOM = "http://www.w3.org/2005/Atom"
XHTML = "http://www.w3.org/1999/xhtml"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


def read(text: str) -> ParsedFeed:
    return parse_feed(
        text.encode(),
        content_type="application/xml; charset=utf-8",
        url="http://feed.example/x",
        zone=ZoneInfo("Asia/Shanghai"),
        now=NOW,
    )


def remembered(text: str) -> Memory:
    return read_news(text, {}, read).memory


def news_after(before: str, after: str) -> News[ParsedFeed]:
    return read_news(after, remembered(before), read)


def titles(news: News[ParsedFeed]) -> list[str]:
    return [entry.title for entry in news.feed.entries]


def assert_nothing_is_lost(before: str, after: str) -> int:
    """Reading ``after`` as news beside reading the whole of it; returns how many entries were left out."""
    memory, then = remembered(before), read(before)
    whole, news = read(after), read_news(after, memory, read)
    if not news.known:
        assert news.feed.entries == whole.entries
        return 0
    digests = prune(after, ()).digests
    earlier = dict(zip(prune(before, ()).digests, then.entries, strict=True))
    known = [digest in memory and digests.count(digest) == 1 for digest in digests]
    found = list(zip(whole.entries, digests, known, strict=True))
    left_out = [(entry, earlier[digest]) for entry, digest, is_known in found if is_known]
    assert news.feed.entries == tuple(entry for entry, _, is_known in found if not is_known)
    assert [entry for entry, _ in left_out] == [entry for _, entry in left_out]
    assert len(left_out) == news.known
    alone, all_of_them = duplicated_guids(news.feed.entries), duplicated_guids(whole.entries)
    assert [identity_key(e, alone) for e in news.feed.entries] == [
        identity_key(e, all_of_them) for e in news.feed.entries
    ]
    before_that = duplicated_guids(then.entries)
    assert [identity_key(now, all_of_them) for now, _ in left_out] == [
        identity_key(entry, before_that) for _, entry in left_out
    ]
    return news.known


# What feeds look like


def rss(*items: str, head: str = "", attributes: str = "", tail: str = "") -> str:
    return f"<rss version='2.0'{attributes}><channel><title>甲</title>{head}\n{chr(10).join(items)}\n{tail}</channel></rss>"


def rdf(*items: str, head: str = "", attributes: str = "", tail: str = "") -> str:
    namespaces = f"xmlns='http://purl.org/rss/1.0/' xmlns:rdf='{RDF}'"
    return (
        f"<rdf:RDF {namespaces}{attributes}><channel><title>甲</title>{head}</channel>{' '.join(items)}{tail}</rdf:RDF>"
    )


def atom(*entries: str, head: str = "", attributes: str = "", tail: str = "") -> str:
    return f"<feed xmlns='{ATOM}'{attributes}><title>甲</title>{head}{''.join(entries)}{tail}</feed>"


def item(name: str, more: str = "") -> str:
    return f"<item><title>{name}</title><link>http://feed.example/{name}</link><guid>{name}</guid>{more}</item>"


def entry(name: str, more: str = "") -> str:
    return f"<entry><title>{name}</title><link href='http://feed.example/{name}'/><id>{name}</id>{more}</entry>"


def rdf_item(name: str, more: str = "") -> str:
    return f"<item rdf:about='{name}'><title>{name}</title><link>http://feed.example/{name}</link>{more}</item>"


Feed = Callable[..., str]
One = Callable[..., str]
SHAPES: list[tuple[Feed, One]] = [(rss, item), (rdf, rdf_item), (atom, entry)]
SHAPE_NAMES = ["rss", "rdf", "atom"]


@pytest.mark.parametrize(("feed", "one"), SHAPES, ids=SHAPE_NAMES)
def test_only_what_is_new_is_read(feed: Feed, one: One) -> None:
    before, after = feed(one("a"), one("b"), one("c")), feed(one("d"), one("a"), one("b"), one("c"))
    news = news_after(before, after)
    assert (titles(news), news.known) == (["d"], 3)
    assert news.memory == remembered(after)
    assert news.feed.title == "甲"


@pytest.mark.parametrize(("feed", "one"), SHAPES, ids=SHAPE_NAMES)
def test_a_changed_entry_is_read_again(feed: Feed, one: One) -> None:
    news = news_after(feed(one("a"), one("b")), feed(one("a"), one("b", "<description>更正</description>")))
    assert (titles(news), news.known) == (["b"], 1)


@pytest.mark.parametrize(("feed", "one"), SHAPES, ids=SHAPE_NAMES)
def test_nothing_new_is_read_from_the_same_entries(feed: Feed, one: One) -> None:
    news = news_after(feed(one("a"), one("b")), feed(one("b"), one("a")))
    assert (titles(news), news.known) == ([], 2)


def test_an_entry_that_has_gone_is_forgotten() -> None:
    memory = news_after(rss(item("a"), item("b")), rss(item("b"))).memory
    assert titles(read_news(rss(item("a"), item("b")), memory, read)) == ["a"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<lastBuildDate>Mon, 02 Feb 2026 10:00:00 GMT</lastBuildDate>", "<lastBuildDate>heute</lastBuildDate>"),
        ("<pubDate>1</pubDate>", "<pubDate>22</pubDate>"),
        ("<!-- made in 0.3 s -->", "<!-- made in 0.31 s -->"),
        ("<!-- <item> -->", ""),
        ("", "\n\n  "),
    ],
)
def test_a_head_in_which_only_the_time_is_another_is_the_same(before: str, after: str) -> None:
    assert news_after(rss(item("a"), head=before), rss(item("a"), head=after)).known == 1
    assert news_after(rss(item("a"), tail=before), rss(item("a"), tail=after)).known == 1


def test_the_table_of_contents_of_rss_1_may_change() -> None:
    def contents(*names: str) -> str:
        listed = "".join(f"<rdf:li rdf:resource='{name}'/>" for name in names)
        return f"<items><rdf:Seq>{listed}</rdf:Seq></items>"

    before, after = rdf(rdf_item("a"), head=contents("a")), rdf(rdf_item("b"), rdf_item("a"), head=contents("b", "a"))
    assert (titles(news_after(before, after)), news_after(before, after).known) == (["b"], 1)


# When the whole feed is read


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (rss(item("a")), rss(item("a"), attributes=" xml:base='http://b.example/'")),
        (rss(item("a")), rss(item("a"), head="<link>http://b.example/</link>")),
        (rss(item("a")), rss(item("a"), tail="<link>http://b.example/</link>")),
        (rss(item("a")), rss(item("a"), head="<lastBuildDate xml:base='http://b.example/'>1</lastBuildDate>")),
        (rss(item("a")), rss(item("a"), attributes=" xmlns:dc='http://purl.org/dc/elements/1.1/'")),
        (rss(item("a")), rdf(item("a"))),
        (atom(entry("a")), atom(entry("a"), attributes=" xml:base='http://b.example/'")),
        (atom(entry("a")), atom(entry("a")).replace(ATOM, "http://purl.org/atom/ns#")),
    ],
    ids=["base", "link", "link below", "base of a date", "prefix", "another format", "base of atom", "atom 0.3"],
)
def test_under_another_head_nothing_is_known(before: str, after: str) -> None:
    news = news_after(before, after)
    assert news.known == 0
    assert news.feed == read(after)


def test_elsewhere_nothing_is_known() -> None:
    text = rss(item("a"))
    memory = read_news(text, {}, read, "http://a.example/").memory
    assert read_news(text, memory, read, "http://a.example/").known == 1
    assert read_news(text, memory, read, "http://b.example/").known == 0


XHTML_SUMMARY = (
    f"<content type='xhtml'><div xmlns='{XHTML}'><details><summary>照片</summary>一张</details></div></content>"
)


@pytest.mark.parametrize(
    "text",
    [
        '{"version": "https://jsonfeed.org/version/1.1", "title": "x", "items": [{"id": "1", "title": "x"}]}',
        rss(item("a"))[:-3],
        rss(item("a")).replace("<guid>", "<guid>&nbsp;"),
        rss(item("a"), "<foo:bar/>"),
        f"<!DOCTYPE rss [<!ENTITY x 'y'>]>{rss(item('a'))}",
        f"<!DOCTYPE rss SYSTEM 'rss.dtd'>{rss(item('a'))}",
        rss(item("a", "<description><![CDATA[<!ENTITY]]></description>")),
        rss(*(item(str(n)) for n in range(MAX_ENTRIES + 1))),
        rss(item("a"), item("b", item("c"))),
        rss(item("a"), "<link>http://b.example/</link>", item("b")),
        rss(item("a"), "文", item("b")),
        rss(head=f"<image>{item('a')}</image>"),
        rss(item("a", "<comments xml:base='http://b.example/'>x</comments>")),
        rss(item("a", "<x:y xmlns:x='http://x.example/1'/>"), item("b", "<x:y xmlns:x='http://x.example/2'/>")),
        rss(item("a", "<x:y xmlns:x='http://x.example/1'/>"), item("b", "<z:y xmlns:z='http://x.example/1'/>")),
        rss(item("a", "<x:y xmlns:x='http://x.example/1'/>"), item("b", "<y xmlns='http://x.example/1'/>"))[:-6],
        atom(entry("a", XHTML_SUMMARY)),
        atom(entry("a", f"<content type='xhtml'><feed xmlns='{ATOM}'/></content>")),
        f"<channel><title>x</title>{item('a')}</channel>",
        f"<rdf:RDF xmlns:rdf='{RDF}'>{item('a')}</rdf:RDF>",
        rss(),
        "",
    ],
)
def test_what_cannot_be_cut_for_certain_is_left_whole(text: str) -> None:
    pruned = prune(text, ())
    assert (pruned.text, pruned.digests, pruned.dropped) == (text, (), ())


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (item("a"), item("a").replace("<title>a", "<title>b")),
        (
            item("a").replace("<guid>a</guid>", ""),
            "<item><title>b</title><guid>https://feed.example/</guid><link>http://feed.example/a</link></item>",
        ),
        ("<item><title>a</title><link>http://m.feed.example/1</link></item>",) * 2,
        ("<item><title>a</title><link>/1?utm_source=x</link></item>", "<item><title>b</title><link>/1</link></item>"),
    ],
    ids=["guid", "link, of one without a guid of its own", "twice the same", "link"],
)
def test_entries_that_share_what_identifies_them_are_read_together(first: str, second: str) -> None:
    assert news_after(rss(item("z"), first, second), rss(item("z"), first, second)).known == 1
    news = news_after(rss(first), rss(first, second))
    assert len(news.feed.entries) == 2
    assert_nothing_is_lost(rss(first), rss(first, second))


def test_a_home_page_as_everybodys_link_costs_nothing_where_guids_are_told_apart() -> None:
    items = [f"<item><title>{n}</title><guid isPermaLink='false'>{n}</guid><link>/</link></item>" for n in range(5)]
    assert news_after(rss(*items[:4]), rss(*items)).known == 4


def test_a_reader_that_finds_other_entries_than_were_cut_out_is_given_everything() -> None:
    text = rss(item("a"), item("b"))
    memory = remembered(text)

    given_texts: list[str] = []

    def one_less(given_text: str) -> ParsedFeed:
        given_texts.append(given_text)
        return read(given_text.replace(item("c"), ""))

    news = read_news(rss(item("a"), item("b"), item("c")), memory, one_less)
    assert given_texts[1:] == [rss(item("a"), item("b"), item("c"))]
    assert (titles(news), news.memory, news.known) == (["a", "b"], {}, 0)


def test_a_failure_to_read_comes_out() -> None:
    with pytest.raises(NotAFeed):
        read_news("<html><body>x</body></html>", {}, read)


# What must not fool the cutter


@pytest.mark.parametrize(
    "more",
    [
        "<description><![CDATA[</item><item><title>x</title>]]></description>",
        "<!-- </item> --><description>x</description>",
        "<description title='&lt;/item>'>x</description>",
        "<description>&lt;/item&gt;</description>",
        "<?php </item> ?>",
        "<source url='http://b.example/'>另一家</source>",
        "<description>\U0001f600 \u4e2d</description>",
    ],
)
def test_an_entry_ends_where_it_ends(more: str) -> None:
    first, second = item("a", more), item("b")
    assert prune(rss(first, second), set(prune(rss(first, second), ()).digests[:1])).text == rss("", second)
    assert assert_nothing_is_lost(rss(first), rss(second, first)) == 1


def test_an_empty_entry_is_one_too() -> None:
    text = "<rss version='2.0'><channel><item a='>'/><item/>\n<item ></item ></channel></rss>"
    digests = prune(text, ()).digests
    assert len(digests) == 3
    assert prune(text, set(digests)).text == "<rss version='2.0'><channel>\n</channel></rss>"


def test_the_source_of_an_aggregated_entry_is_part_of_it() -> None:
    source = "<source><id>urn:x</id><title>另一家</title><updated>2026-01-01T00:00:00Z</updated></source>"
    assert assert_nothing_is_lost(atom(entry("a", source)), atom(entry("b", source), entry("a", source))) == 1


def test_titles_of_pictures_are_not_in_the_way() -> None:
    media = "<media:content url='http://b.example/x.jpg'><media:title>图</media:title></media:content>"
    prefix = " xmlns:media='http://search.yahoo.com/mrss/'"
    before, after = (rss(*items, attributes=prefix) for items in ([item("a", media)], [item("b"), item("a", media)]))
    assert assert_nothing_is_lost(before, after) == 1


def test_prefixed_feeds_are_cut_like_others() -> None:
    text = f"<a:feed xmlns:a='{ATOM}'><a:title>x</a:title><a:entry><a:id>1</a:id></a:entry></a:feed>"
    assert assert_nothing_is_lost(text, text) == 1


@pytest.mark.parametrize(
    "text",
    [
        "<a/>" * 1_000_000,
        rss("<item>" * 60_000),
        rss(item("a", "<x>" * 60_000 + "</x>" * 60_000)),
        rss("<a " + "b" * 10**7),
    ],
    ids=["many tags", "never closed", "deep", "long"],
)
def test_hostile_markup_costs_less_than_a_second_or_two(text: str) -> None:
    started = time.process_time()
    prune(text, ())
    assert time.process_time() - started < 2.0


# Whatever feeds are like

TEXTS = st.text(st.sampled_from("甲乙 &<>]\"'-!\n\u00e9\U0001f600"), max_size=6)
ODDITIES = st.sampled_from(
    [
        "<![CDATA[</item></entry>]]>",
        "<!-- </item> <item> -->",
        "<?x </item>?>",
        f"<div xmlns='{XHTML}'><p>文</p></div>",
        f"<div xmlns='{XHTML}'><summary>文</summary></div>",
        "<x:y xmlns:x='http://x.example/1'>1</x:y>",
        "<x:y xmlns:x='http://x.example/2'>2</x:y>",
        "<dc:creator xmlns:dc='http://purl.org/dc/elements/1.1/'>作者</dc:creator>",
        "<b xml:base='http://b.example/'/>",
        "<link>/relative</link>",
        "<a b='>'/>",
        "<title/>",
        "<item/>",
        "&#65;",
        "]]",
    ]
)


@st.composite
def entries(draw: st.DrawFn, name: str) -> str:
    parts = []
    addresses = st.sampled_from("ab").map("http://feed.example/{}".format)
    for tag in ["guid" if name == "item" else "id", "link", "title", "description" if name == "item" else "content"]:
        if draw(st.integers(0, 3)):
            text = draw(addresses | TEXTS.map(html.escape))
            attribute = draw(st.sampled_from(["", "", "", " type='xhtml'", " href='/x'"]))
            parts.append(f"<{tag}{attribute}>{text}</{tag}>")
    if not draw(st.integers(0, 5)):
        parts.append(draw(ODDITIES))
    return f"<{name}>{''.join(draw(st.permutations(parts)))}</{name}>"


@st.composite
def feeds(draw: st.DrawFn) -> tuple[str, str]:
    """A feed, and the same one some time later."""
    feed, name = draw(st.sampled_from([(rss, "item"), (rdf, "item"), (atom, "entry")]))
    pool = draw(st.lists(entries(name), min_size=1, max_size=5))
    heads = st.sampled_from(["", "", "", "<updated>1</updated>", "<!-- x -->", "<link>http://h.example/</link>"])

    def at_some_time() -> str:
        chosen = draw(st.lists(st.sampled_from(pool), max_size=5))
        return feed(*chosen, head=draw(heads), tail=draw(heads))

    return at_some_time(), at_some_time()


@settings(max_examples=200, deadline=None)
@given(feeds())
def test_whatever_a_feed_holds_nothing_is_lost(pair: tuple[str, str]) -> None:
    try:
        read(pair[0])
        read(pair[1])
    except NotAFeed:
        return
    assert_nothing_is_lost(*pair)


def real_feeds() -> list[Path]:
    """Ours, and, where the developer names a folder of them, feeds whose licences keep them out of this tree."""
    folder = os.environ.get("MEDIA_TRACKER_TEST_DATA")
    roots = [CAPTURES, HERE / "golden", *([Path(folder)] if folder else [])]
    return sorted(path for root in roots for end in ("xml", "rss", "atom") for path in root.rglob(f"*.{end}"))


PROBES = {
    "</item>": item("probe", "<description>&lt;p&gt;正文&lt;/p&gt;<i>x</i></description><category>栏</category>"),
    "</entry>": entry(
        "probe", f"<content type='xhtml'><div xmlns='{XHTML}'>正<b>文</b></div></content><summary>摘</summary>"
    ),
}


@pytest.mark.parametrize("path", real_feeds(), ids=lambda path: path.name)
def test_in_real_feeds_too(path: Path) -> None:
    """Once more as it is; with one entry more, which no entry before it may colour; and with some entries less at first."""
    text = decode_feed(path.read_bytes(), None)[0].strip()
    try:
        read(text)
    except NotAFeed:
        return
    assert_nothing_is_lost(text, text)
    for end, probe in PROBES.items():
        if end in text:
            assert_nothing_is_lost(text, (end + probe).join(text.rsplit(end, 1)))
    some = set(random.Random(path.name).choices(prune(text, ()).digests, k=3)) if prune(text, ()).digests else set()
    assert_nothing_is_lost(prune(text, some).text, text)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_real_feed_with_a_hole_in_it_loses_nothing(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from([*CAPTURES.glob("*.xml"), HERE / "golden" / "atom10.xml"]))
    text = decode_feed(path.read_bytes(), None)[0].strip()
    text = prune(text, prune(text, ()).digests[3:]).text
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 60)))
    filling = data.draw(
        st.sampled_from(["", "</item>", "<item>", "<entry/>", "<![CDATA[", "]]>", "<!--", "-->", "&lt;", "x"])
    )
    changed = text[:start] + filling + text[end:]
    try:
        read(changed)
    except NotAFeed:
        return
    assert_nothing_is_lost(text, changed)


# What is remembered


def test_what_is_packed_is_recalled() -> None:
    memory = remembered(rss(item("a"), item("b")))
    assert len(memory) == 2
    assert recall(pack(memory)) == memory
    assert len(pack(memory)) == 1 + 2 * 16


@given(st.binary(max_size=80))
def test_any_bytes_are_recalled_as_something_or_nothing(data: bytes) -> None:
    memory = recall(data)
    assert not memory or data.startswith(pack({}))
    assert all(len(digest) == 8 for digest in memory)


def test_an_identity_is_the_same_however_its_address_is_spelt() -> None:
    entry_ = read(rss(item("a"))).entries[0]
    moved = replace(entry_, link="https://www.feed.example/a?utm_source=x#top")
    assert Identity.of(entry_) == Identity.of(moved)
    assert Identity.of(replace(entry_, guid=None, link=None)) == Identity(0, 0)
