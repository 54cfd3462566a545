"""Web addresses that people and outlets give us: only those of the web become links."""

from __future__ import annotations

from urllib.parse import urlsplit

WEB = frozenset({"http", "https"})


def web_address(url: str) -> str:
    """``url`` if a link may lead there, else nothing: ``javascript:`` must not become a link, nor what names no host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme.lower() in WEB and parts.netloc else ""
