from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.ingest.discover import FeedLink, feed_links
from media_tracker.ingest.page_tree import is_page

PAGE = "https://news.example/section/index.html"


def urls(markup: str) -> list[str]:
    return [link.url for link in feed_links(f"<html><body>{markup}</body></html>", PAGE)]


def test_declared_feeds_come_first_then_links_that_look_like_feeds() -> None:
    found = feed_links(
        """<!doctype html><html><head>
        <link rel="stylesheet" type="text/css" href="/feed.css">
        <link rel="alternate" type="application/rss+xml" title="要闻 &amp; 民生" href="/rss.xml">
        <link rel="ALTERNATE" type="application/atom+xml; charset=utf-8" href="atom.xml#top">
        <link rel="alternate" type="application/feed+json" href="//cdn.example/feed.json">
        <link rel="alternate" type="application/rdf+xml" href="rdf">
        <link rel="alternate" hreflang="en" href="/en/">
        <link rel="alternate" type="application/json" href="/wp-json/wp/v2/pages/2">
        </head><body><a href="/about">关于</a><a href="/rss/local">  本地 <b>RSS</b></a><a href="/rss.xml">RSS</a></body>""",
        PAGE,
    )
    assert found == (
        FeedLink("https://news.example/rss.xml", "要闻 & 民生", "application/rss+xml"),
        FeedLink("https://news.example/section/atom.xml", "", "application/atom+xml"),
        FeedLink("https://cdn.example/feed.json", "", "application/feed+json"),
        FeedLink("https://news.example/section/rdf", "", "application/rdf+xml"),
        FeedLink("https://news.example/rss/local", "本地 RSS", ""),
    )


@pytest.mark.parametrize(
    "href",
    [
        *("/rss", "/rss/", "/feed", "/feeds/all", "/index.xml", "/x.rdf", "/atom.php?id=3", "/?feed=rss2"),
        *("/news/rss_2.aspx", "http://other.example/feed.json", "/local-feed"),
    ],
)
def test_a_link_looks_like_a_feed(href: str) -> None:
    assert len(urls(f"<a href='{href}'>x</a>")) == 1


@pytest.mark.parametrize(
    "href",
    [
        *("/", "#rss", "/sitemap.xml", "/feedback", "/rss.html", "/feed.png", "/crossfit", "/atomic", "index.html"),
        *("javascript:rss()", "mailto:rss@news.example", "data:application/rss+xml,x", "ftp://news.example/rss.xml"),
    ],
)
def test_a_link_does_not_look_like_a_feed(href: str) -> None:
    assert urls(f"<a href='{href}'>x</a>") == []


def test_the_feed_scheme_stands_for_the_web() -> None:
    assert urls("<a href='feed://a.example/x'>1</a><a href='feed:https://b.example/y'>2</a>") == [
        "https://a.example/x",
        "https://b.example/y",
    ]


def test_the_base_of_the_page_counts_and_the_page_itself_is_not_its_feed() -> None:
    page = "<html><head><base href='/b/'><link rel='feed' href='x'><link rel='feed' href='/b/'></head></html>"
    assert [link.url for link in feed_links(page, "https://news.example/b/")] == ["https://news.example/b/x"]


def test_at_most_twenty_are_named() -> None:
    assert len(urls("".join(f"<a href='/rss/{number}'>x</a>" for number in range(50)))) == 20


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("<!DOCTYPE HTML><title>x", True),
        ("\n<!-- a --><!-- b --><html lang=zh>", True),
        ("<?xml version='1.0'?><!DOCTYPE html><html>", True),
        ("<body>", True),
        ("<html><rss version='2.0'>", False),
        ("<rss><channel><description>&lt;html>", False),
        ("<htmlx>", False),
        ("text", False),
    ],
)
def test_what_a_web_page_begins_with(text: str, page: bool) -> None:
    assert is_page(text) is page


@given(st.text(alphabet="<>/='\" \x00alinkhrefrss:&;中\ud800", max_size=120))
def test_any_text_gives_feeds_or_none(text: str) -> None:
    for link in feed_links(text, PAGE):
        assert link.url.startswith(("http://", "https://"))
