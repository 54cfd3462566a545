from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.ingest.identity import content_hash, duplicated_guids, identity_key, normalise_url, other_keys


@dataclass(frozen=True)
class Entry:
    guid: str | None = None
    link: str | None = None
    title: str = ""
    html: str = ""


def keys(*entries: Entry) -> list[str]:
    duplicated = duplicated_guids(entries)
    return [identity_key(entry, duplicated) for entry in entries]


STORY = Entry("1", "http://a.example/1", "甲", "<p>正文</p>")


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        # a guid that is its own: nothing else counts
        (STORY, replace(STORY, title="改题", html="改文", link="http://b.example/9"), True),
        (STORY, replace(STORY, guid="2"), False),
        (Entry("http://a.example/1"), Entry("https://a.example/1"), True),
        (Entry("http://a.example/1#x"), Entry("http://a.example/1#y"), False),
        # no guid: the link
        (replace(STORY, guid=None), replace(STORY, guid=None, title="改题", html="改文"), True),
        (
            replace(STORY, guid=None),
            replace(STORY, guid=None, link="https://www.a.example/1/?utm_source=x#top"),
            True,
        ),
        (replace(STORY, guid=None), replace(STORY, guid=None, link="http://a.example/2"), False),
        # neither: title and content
        (Entry(title="甲", html="文"), Entry(title=" 甲", html="文\n"), True),
        (Entry(title="甲", html="文"), Entry(title="甲", html="另一文"), False),
        # the kinds of key never meet
        (Entry("//a.example/1"), Entry(None, "http://a.example/1"), False),
    ],
)
def test_a_story_is_known_again_by_the_first_thing_that_identifies_it(before: Entry, after: Entry, same: bool) -> None:
    assert (keys(before) == keys(after)) is same


def test_a_repeated_guid_is_told_apart_by_its_link() -> None:
    first, second, third = keys(Entry("0", "http://a.example/1"), Entry("0", "http://a.example/2"), Entry("9"))
    assert len({first, second, third}) == 3
    assert keys(Entry("9")) == [third]


def test_a_link_that_many_entries_share_identifies_none_of_them() -> None:
    home = "http://a.example/"
    assert len(set(keys(Entry(None, home, "甲"), Entry(None, home, "乙")))) == 2
    assert len(set(keys(Entry("0", home, "甲"), Entry("0", home, "乙")))) == 2


def test_a_story_that_is_listed_twice_is_one() -> None:
    for entry in (STORY, replace(STORY, guid=None), replace(STORY, guid=None, link=None)):
        assert len(set(keys(entry, entry))) == 1


def test_two_thousand_entries_with_one_guid_are_all_kept() -> None:
    assert len(set(keys(*(Entry("0", f"http://a.example/{n}") for n in range(2000))))) == 2000


@pytest.mark.parametrize("guid", [None, "0", "1"])
@pytest.mark.parametrize("link", ["http://a.example/", "http://a.example/1"])
def test_whatever_stands_beside_an_entry_its_key_is_among_those_that_it_is_looked_for_under(
    guid: str | None, link: str
) -> None:
    entry = Entry(guid, link, "甲")
    for neighbour in (
        Entry("0", "http://a.example/", "乙"),
        Entry("1", "http://a.example/1", "乙"),
        Entry(None, link, "丙"),
    ):
        for others in ([], [neighbour], [neighbour, Entry("0", link), Entry("1", link)]):
            assert keys(entry, *others)[0] in other_keys(entry)


def test_an_entry_that_came_without_a_guid_is_looked_for_as_such_once_it_has_one() -> None:
    before = Entry(None, "http://a.example/1", "甲")
    (key,) = keys(before)
    assert key in other_keys(replace(before, guid="1"))


@given(st.lists(st.builds(Entry, st.none() | st.text(), st.none() | st.text(), st.text(), st.text()), max_size=5))
def test_a_key_is_64_hexadecimal_characters_whatever_the_entry(entries: list[Entry]) -> None:
    for key in keys(*entries):
        assert len(key) == 64
        int(key, 16)


@pytest.mark.parametrize(
    ("url", "same_as"),
    [
        ("https://a.example/x", "http://a.example/x"),
        ("http://www.a.example/x", "http://a.example/x"),
        ("http://m.a.example/x", "http://a.example/x"),
        ("http://WWW.A.Example/x", "http://a.example/x"),
        ("http://a.example./x", "http://a.example/x"),
        ("http://a.example:80/x", "http://a.example/x"),
        ("https://a.example:443/x", "http://a.example/x"),
        ("http://a.example/x/", "http://a.example/x"),
        ("http://a.example/", "http://a.example"),
        ("http://a.example/x#part", "http://a.example/x"),
        ("http://a.example/x?b=2&a=1", "http://a.example/x?a=1&b=2"),
        ("http://a.example/x?a=1&utm_source=b&UTM_Medium=c", "http://a.example/x?a=1"),
        ("http://a.example/x?spm=a.b.c&from=timeline&share_token=1&isappinstalled=0", "http://a.example/x"),
        ("http://a.example/x?&", "http://a.example/x"),
        (" http://a.example/x\n", "http://a.example/x"),
        ("http://user@a.example/x", "http://a.example/x"),
    ],
)
def test_spellings_of_one_address_compare_equal(url: str, same_as: str) -> None:
    assert normalise_url(url) == normalise_url(same_as)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://a.example/x", "http://a.example/y"),
        ("http://a.example/x", "http://a.example/X"),
        ("http://a.example/x", "http://b.example/x"),
        ("http://a.example/x?id=1", "http://a.example/x?id=2"),
        ("http://a.example/x?q=%B5%C0", "http://a.example/x?q=%B5%C1"),  # GBK, not UTF-8
        ("http://a.example:8080/x", "http://a.example/x"),
        ("http://a.example:443/x", "http://a.example/x"),
        ("http://www.example/x", "http://other.example/x"),
        ("http://m.cn/x", "http://cn/x"),
        ("http://a.example/x?fromage=1", "http://a.example/x"),
    ],
)
def test_different_addresses_stay_different(one: str, other: str) -> None:
    assert normalise_url(one) != normalise_url(other)


@given(
    st.from_regex(
        r"https?://(www\.|m\.)*[a-z]{1,5}\.(com|cn)(:\d{1,5})?(/[a-z%0-9]{0,4}){0,3}/?(\?[a-z=&_]{0,20})?(#[a-z]*)?",
        fullmatch=True,
    )
    | st.text()
)
def test_normalising_twice_changes_nothing(url: str) -> None:
    once = normalise_url(url)
    assert normalise_url(once) == once


@given(st.text(), st.text())
def test_white_space_does_not_change_the_content(title: str, text: str) -> None:
    spaced = " \n".join(text) + "\u3000\u200b"
    assert content_hash(f" {title}\t", spaced) == content_hash(title, text)


def test_where_the_title_ends_matters_to_the_content() -> None:
    assert content_hash("甲乙", "丙") != content_hash("甲", "乙丙")
