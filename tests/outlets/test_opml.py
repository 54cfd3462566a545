"""Subscriptions in and out: what is no OPML is refused in one sentence, and what we write we can read."""

from __future__ import annotations

from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.errors import InvalidInput
from media_tracker.outlets.documents import OutletKind, Platform
from media_tracker.outlets.opml import MOST_BYTES, MOST_FEEDS, Subscription, read_opml, write_opml

BOMB = """<!DOCTYPE opml [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>
<opml version="2.0"><body><outline text="&c;" xmlUrl="http://a.example/f"/></body></opml>"""
FEED = '<outline text="晨报" xmlUrl="http://a.example/f"/>'


def opml(body: str, head: str = "") -> bytes:
    return f'{head}<opml version="2.0"><head/><body>{body}</body></opml>'.encode()


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (opml(FEED, "<!DOCTYPE opml>"), "DOCTYPE"),
        (opml(FEED, '<!DOCTYPE opml SYSTEM "http://a.example/opml.dtd">'), "DOCTYPE"),
        (BOMB.encode(), "DOCTYPE"),
        (opml(""), "no feed in this OPML file"),
        (opml('<outline text="没有地址"/><outline xmlUrl="  "/>'), "no feed in this OPML file"),
        (b"", "not a well-formed OPML file"),
        (b"hello", "not a well-formed OPML file"),
        (b"\x00\xff\xfe\x00", "not a well-formed OPML file"),
        (opml(FEED)[:-20], "not a well-formed OPML file"),
        (b"<html><body><outline xmlUrl='http://a.example/'/></body></html>", "not a well-formed OPML file"),
        (b"<opml><head/></opml>", "not a well-formed OPML file"),
        (b"<?xml version='1.0' encoding='klingon'?><opml/>", "not a well-formed OPML file"),
        (b"<?xml version='1.0' encoding='gbk'?><opml>\xff\xff</opml>", "not a well-formed OPML file"),
        (opml("<outline>" * 5_000 + "</outline>" * 5_000), "nested too deeply"),
        (opml(" " * MOST_BYTES + FEED), "larger than 5 MB"),
        (opml("".join(f'<outline xmlUrl="http://a.example/{n}"/>' for n in range(MOST_FEEDS + 1))), "more than 5,000"),
    ],
)
def test_what_cannot_be_taken_is_refused_in_one_sentence(document: bytes, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        read_opml(document)


def test_in_a_file_of_another_reader_each_feed_is_an_outlet_of_its_own_whatever_its_folder() -> None:
    document = opml(
        """<outline text="新闻"><outline type="rss" text="晨报" title="x" xmlUrl=" http://a.example/f " htmlUrl="http://a.example/"/>
        <outline text="深处"><outline title="晚报" xmlUrl="http://b.example/f"/></outline></outline>
        <outline xmlUrl="http://c.example/f" partner="perhaps" outletKind="blog" platform="telex"/>"""
    )

    assert read_opml(document) == [
        Subscription("http://a.example/f", "晨报", "晨报", homepage="http://a.example/"),
        Subscription("http://b.example/f", "晚报", "晚报"),
        Subscription("http://c.example/f", "http://c.example/f", "http://c.example/f"),
    ]


def test_a_feed_that_comes_twice_counts_once_and_one_inside_another_is_found() -> None:
    document = opml(f'{FEED}{FEED}<outline xmlUrl="http://o.example/">{FEED.replace("/f", "/g")}</outline>')

    assert [each.url for each in read_opml(document)] == [
        "http://a.example/f",
        "http://o.example/",
        "http://a.example/g",
    ]


def test_our_own_words_are_taken_from_the_outline_or_the_one_above() -> None:
    document = opml(
        '<outline text="晨报" partner="TRUE" outletKind="newspaper" column="曝光台">'
        '<outline text="客户端" outlet="晨报" xmlUrl="http://a.example/f" platform="app" partner="false"/></outline>'
    )

    assert read_opml(document) == [
        Subscription("http://a.example/f", "客户端", "晨报", OutletKind.NEWSPAPER, False, "", Platform.APP, "曝光台")
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb2312", "GBK", "gb18030"])
def test_the_encodings_that_readers_write_are_read(encoding: str) -> None:
    declared = f"<?xml version='1.0' encoding='{encoding.removesuffix('-sig')}'?>{opml(FEED).decode()}"

    (subscription,) = read_opml(declared.encode(encoding))

    assert subscription.title == "晨报"


_words = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1, max_size=12).map(
    lambda text: " ".join(text.split())
)
_subscriptions = st.builds(
    Subscription,
    url=st.text(ascii_lowercase, min_size=1).map(lambda path: f"http://a.example/{path}?a=1&b=<>"),
    title=_words.filter(bool),
    outlet=_words.filter(bool),
    kind=st.sampled_from(OutletKind),
    partner=st.booleans(),
    homepage=st.sampled_from(["", "http://a.example/"]),
    platform=st.sampled_from(Platform),
    column=_words,
)


@given(st.lists(_subscriptions, min_size=1, max_size=6, unique_by=lambda each: each.url))
def test_what_is_written_is_read_again_as_it_was(subscriptions: list[Subscription]) -> None:
    read = read_opml(write_opml("订阅", subscriptions))

    assert sorted(read, key=lambda each: each.url) == sorted(subscriptions, key=lambda each: each.url)


@given(st.text(max_size=20))
def test_whatever_a_name_holds_the_document_can_be_read_again(name: str) -> None:
    name = name.encode("utf-8", "ignore").decode()
    written = write_opml(name, [Subscription("http://a.example/f", name, name, column=name)])

    assert read_opml(written)[0].url == "http://a.example/f"
