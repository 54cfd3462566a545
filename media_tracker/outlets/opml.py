"""Subscriptions as OPML 2.0, in and out. Pure.

An outline with ``xmlUrl`` is a feed. Our own attributes say what OPML has no words for: ``outlet``, ``outletKind``, ``partner``,
``platform``, ``column``. Files from other readers have none of them; there each feed is an outlet of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError, SubElement, indent, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from media_tracker.errors import N_, InvalidInput
from media_tracker.outlets.documents import OutletKind, Platform

MOST_FEEDS = 5_000
MOST_BYTES = 5 * 2**20

_CHINESE = re.compile(rb"""\A\s*<\?xml[^<>]*?encoding\s*=\s*["'](?:gb2312|gbk|gb18030)["'][^<>]*\?>""", re.IGNORECASE)
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML document may hold, not even escaped."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One feed of one outlet."""

    url: str
    title: str
    outlet: str
    kind: OutletKind = OutletKind.PORTAL
    partner: bool = False
    homepage: str = ""
    platform: Platform = Platform.WEB
    column: str = ""


def read_opml(document: bytes) -> list[Subscription]:
    """The subscriptions in an OPML document, in order; a URL that comes twice counts once.

    Raises:
        InvalidInput: not XML, with a DOCTYPE or entities, no OPML, no feeds, or too large. Nothing can have been taken in.
    """
    if len(document) > MOST_BYTES:
        raise InvalidInput(N_("This OPML file is larger than 5 MB."))
    try:
        if declared := _CHINESE.match(document):  # which expat does not know
            document = document[declared.end() :].decode("gb18030").encode()
        root = fromstring(document, forbid_dtd=True)
    except DefusedXmlException:
        raise InvalidInput(N_("This OPML file has a DOCTYPE or entities, which are not taken. Remove them.")) from None
    except (ParseError, ValueError, LookupError):
        raise InvalidInput(N_("This is not a well-formed OPML file.")) from None
    body = root.find("body")
    if root.tag != "opml" or body is None:
        raise InvalidInput(N_("This is not a well-formed OPML file."))
    found: dict[str, Subscription] = {}
    for outline, above in _feeds(body, None):
        subscription = _subscription(outline, above)
        found.setdefault(subscription.url, subscription)
    if not found:
        raise InvalidInput(N_("There is no feed in this OPML file: no outline has an xmlUrl."))
    if len(found) > MOST_FEEDS:
        raise InvalidInput(N_("There are more than 5,000 feeds in this OPML file."))
    return list(found.values())


def write_opml(title: str, subscriptions: Iterable[Subscription]) -> bytes:
    """An OPML document with one outline per outlet, and its feeds below."""
    root = Element("opml", version="2.0")
    SubElement(SubElement(root, "head"), "title").text = _NOT_XML.sub("", title)
    body = SubElement(root, "body")
    outlets: dict[str, Element] = {}
    for each in subscriptions:
        shared = {"outletKind": each.kind.value, "partner": "true" if each.partner else "false"}
        if each.outlet not in outlets:
            outlets[each.outlet] = SubElement(body, "outline", {"text": _NOT_XML.sub("", each.outlet), **shared})
        attributes = {
            "text": each.title or each.outlet,
            "type": "rss",
            "xmlUrl": each.url,
            "htmlUrl": each.homepage,
            "outlet": each.outlet,
            **shared,
            "platform": each.platform.value,
            "column": each.column,
        }
        SubElement(
            outlets[each.outlet],
            "outline",
            {name: _NOT_XML.sub("", value) for name, value in attributes.items() if value},
        )
    indent(root)
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _feeds(parent: Element, above: Element | None, depth: int = 0) -> Iterator[tuple[Element, Element | None]]:
    if depth > 20:
        raise InvalidInput(N_("The outlines of this OPML file are nested too deeply."))
    for outline in parent.findall("outline"):
        if (outline.get("xmlUrl") or "").strip():
            yield outline, above
        yield from _feeds(outline, outline, depth + 1)


def _subscription(outline: Element, above: Element | None) -> Subscription:
    def value(name: str) -> str:
        own = (outline.get(name) or "").strip()
        return own or ((above.get(name) or "").strip() if above is not None else "")

    title = (outline.get("text") or outline.get("title") or "").strip()
    url = (outline.get("xmlUrl") or "").strip()
    kind, platform = value("outletKind"), value("platform")
    return Subscription(
        url=url,
        title=title or url,
        outlet=(outline.get("outlet") or "").strip() or title or url,
        kind=OutletKind(kind) if kind in set(OutletKind) else OutletKind.PORTAL,
        partner=value("partner").lower() == "true",
        homepage=(outline.get("htmlUrl") or "").strip(),
        platform=Platform(platform) if platform in set(Platform) else Platform.WEB,
        column=value("column"),
    )
