from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from media_tracker.net.errors import BadUrl
from media_tracker.net.urls import checked_url


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("file:///etc/passwd", "does not begin with http"),
        ("ftp://example.org/feed", "does not begin with http"),
        ("gopher://example.org/", "does not begin with http"),
        ("javascript:alert(1)", "does not begin with http"),
        ("data:text/xml,<rss/>", "does not begin with http"),
        ("//example.org/feed", "does not begin with http"),
        ("example.org/feed", "does not begin with http"),
        ("", "does not begin with http"),
        ("http://", "is not a web address"),
        ("http:///feed", "is not a web address"),
        ("http://[::1", "is not a web address"),
        ("http://example.org:99999/", "is not a web address"),
        ("http://user@example.org/", "carries a user name or password"),
        ("http://user:secret@example.org/", "carries a user name or password"),
        ("http://:secret@example.org/", "carries a user name or password"),
        ("http://example.org:25/", "names port 25"),
        ("http://example.org:6667/", "names port 6667"),
        ("http://example.org/" + "a" * 2048, "longer than 2048 characters"),
        ("http://example.org/" + "中" * 700, "longer than 2048 characters"),
    ],
)
def test_an_address_that_is_not_asked_gets_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(BadUrl) as caught:
        checked_url(text, 2048)
    assert sentence in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "secret" not in caught.value.url


@pytest.mark.parametrize(
    ("text", "base", "expected"),
    [
        (" http://example.org/feed#top\n", None, "http://example.org/feed"),
        ("HTTPS://Example.ORG/", None, "https://example.org/"),
        ("http://例子.中国/路", None, "http://xn--fsqu00a.xn--fiqs8s/%E8%B7%AF"),
        ("/rss", "https://example.org/a/b?c=1", "https://example.org/rss"),
        ("c", "https://example.org/a/b", "https://example.org/a/c"),
        ("//other.example/rss", "https://example.org/", "https://other.example/rss"),
        ("?page=2", "https://example.org/a", "https://example.org/a?page=2"),
    ],
)
def test_a_web_address_is_taken(text: str, base: str | None, expected: str) -> None:
    assert str(checked_url(text, 2048, base=URL(base) if base else None)) == expected


@given(st.text(max_size=60))
def test_any_text_is_a_web_address_or_refused(text: str) -> None:
    for candidate in (text, "http://" + text, "https://example.org" + text):
        try:
            url = checked_url(candidate, 2048)
        except BadUrl:
            continue
        assert url.scheme in ("http", "https")
        assert url.host
        assert url.user is None
