"""Where stories are: regions and place phrases of labelled local news, place spans of CEC's incident news.

*Region.* A story counts for a level if its text names the labelled region of this level or one that lies in it: by full name or
full alias, a subdistrict also by its short name right after its district's (桓台马桥); a district also by its short name. It is
right if the guess's name on this level is the labelled one. Baseline: the first district (subdistrict) whose full name is in
the text.

*Place.* Of local news that is labelled with a place: the share where exactly these words are found, and the share where one is
part of the other. Baseline: LAC's first place.

*Place spans.* CEC marks every place of an incident, down to 现场 and 家中. Precision, recall and F1 of characters of all
``Location`` elements of the articles' contents, line ends and blanks aside. Baseline: LAC's places alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from media_tracker.places.gazetteer import Gazetteer
from media_tracker.places.guess import guess_region
from media_tracker.places.regions import Level, Region, RegionTree, read_regions
from media_tracker.places.spans import place_span
from media_tracker.quality.measure import Measure, rows
from media_tracker.text.normalise import normalise
from media_tracker.text.place_phrases import place_phrases
from media_tracker.text.words import lexed_words, tagged_words

LOCAL_NEWS = "local_news_given.jsonl"
CEC = "cec"
_BARS: dict[Level, float | None] = {"district": 0.97, "subdistrict": 0.93, "community": None}
_FULL = re.compile(r".{2,}(?:区|县|街道|镇|乡|社区|村|苑|园|城)")


@dataclass(frozen=True, slots=True)
class Marked:
    """An article and the places of characters in it that are within a place."""

    text: str
    places: frozenset[int]


def measure(data: Path) -> list[Measure]:
    """Regions and places of local news, then place spans of CEC."""
    measures: list[Measure] = []
    stories = list(rows(data / LOCAL_NEWS))
    if stories:
        tree = read_regions()
        gazetteer = Gazetteer(tree)
        measures += _regions(stories, tree, gazetteer)
        measures += _places(stories, gazetteer)
    articles = [read_marked(file) for file in sorted((data / CEC).glob("*.xml"))]
    if articles:
        measures += _spans(articles)
    return measures


def _regions(stories: Sequence[dict[str, Any]], tree: RegionTree, gazetteer: Gazetteer) -> Iterator[Measure]:
    named = _Named(tree)
    for level, bar in _BARS.items():
        right = simple = count = 0
        for story in stories:
            wanted, text = story["region"][level], _text(story)
            if wanted is None or not named.names(text, story["region"], level):
                continue
            code = guess_region(tree, gazetteer.find(text)).code
            count += 1
            right += code is not None and tree.names(code).get(level) == wanted
            simple += named.first(text, level) == wanted
        if count:
            yield Measure(
                f"region: {level}", f"local news, {count} that name it", "right", right / count, simple / count, bar
            )


class _Named:
    """Which regions a text names, looked up without the gazetteer that is measured."""

    def __init__(self, tree: RegionTree) -> None:
        self._tree = tree
        self._by_name: dict[tuple[Level, str], list[Region]] = {}
        for region in tree:
            self._by_name.setdefault((region.level, region.name), []).append(region)

    def names(self, text: str, labels: dict[str, str | None], level: Level) -> bool:
        """Whether ``text`` names the region that ``labels`` have on ``level``, or a labelled one in it."""
        levels: tuple[Level, ...] = ("district", "subdistrict", "community")
        return any(self._is_in(text, labels, step) for step in levels[levels.index(level) :])

    def first(self, text: str, level: Level) -> str | None:
        """The full name of ``level`` that comes first in ``text``."""
        found = [(text.find(name), name) for known, name in self._by_name if known == level and name in text]
        return min(found)[1] if found else None

    def _is_in(self, text: str, labels: dict[str, str | None], level: Level) -> bool:
        name, district = labels[level], labels["district"]
        if name is None:
            return False
        aliases = [alias for region in self._by_name.get((level, name), ()) for alias in region.aliases]
        if name in text or any(_FULL.fullmatch(alias) and alias in text for alias in aliases):
            return True
        if level == "district":
            return any(alias in text for alias in aliases)
        short = (district or "").rstrip("区县")
        return level == "subdistrict" and any(short + alias in text for alias in aliases)


def _places(stories: Sequence[dict[str, Any]], gazetteer: Gazetteer) -> list[Measure]:
    exact, part, simple_exact, simple_part, count = 0, 0, 0, 0, 0
    for story in stories:
        if story["place"]:
            wanted, text = normalise(story["place"]).text, _text(story)
            ours, simple = _our_place(text, gazetteer), _first_place(text)
            count += 1
            exact, part = exact + (ours == wanted), part + _one_in_other(ours, wanted)
            simple_exact, simple_part = simple_exact + (simple == wanted), simple_part + _one_in_other(simple, wanted)
    if not count:
        return []
    return [
        Measure("place", "local news", "exact", exact / count, simple_exact / count),
        Measure("place", "local news", "one is part of the other", part / count, simple_part / count),
    ]


def _our_place(text: str, gazetteer: Gazetteer) -> str:
    guess = guess_region(gazetteer.tree, gazetteer.find(text))
    span = None if guess.out_of_area else place_span(text, guess.mentions)
    return text[slice(*span)] if span else ""


def _first_place(text: str) -> str:
    return next((word.text for word in lexed_words(text) if word.tag == "LOC"), "")


def _one_in_other(one: str, other: str) -> bool:
    return bool(one) and (one in other or other in one)


def _text(story: dict[str, Any]) -> str:
    return normalise(f"{story['title']}\n{story['body']}").text


def read_marked(file: Path) -> Marked:
    """An article of CEC: the text of its ``Content`` without blanks, and which characters its ``Location`` elements hold.

    A file that is no XML raises ``xml.etree.ElementTree.ParseError``.
    """
    root = ElementTree.parse(file).getroot()  # noqa: S314 - the analyst's own files, not a stranger's
    content = root.find("Content")
    pieces = [
        (char, within)
        for text, within in _pieces(root if content is None else content, False)
        for char in text
        if not char.isspace()
    ]
    return Marked("".join(char for char, _ in pieces), frozenset(at for at, (_, within) in enumerate(pieces) if within))


def _pieces(element: ElementTree.Element, within: bool) -> Iterator[tuple[str, bool]]:
    """Text in document order, and whether it is within a ``Location``."""
    inside = within or element.tag == "Location"
    yield element.text or "", inside
    for child in element:
        yield from _pieces(child, inside)
        yield child.tail or "", inside


def _spans(articles: Sequence[Marked]) -> list[Measure]:
    lexed = [lexed_words(article.text) for article in articles]
    alone = characters(articles, [[(word.start, word.end) for word in words if word.tag == "LOC"] for words in lexed])
    ours = characters(articles, [place_phrases(words) for words in lexed])
    by_dictionary = characters(articles, [place_phrases(tagged_words(article.text)) for article in articles])
    return [
        Measure("place spans", "CEC", "character F1", ours[2], alone[2], bar=0.55),
        Measure("place spans", "CEC", "character precision", ours[0], alone[0]),
        Measure("place spans", "CEC", "character recall", ours[1], alone[1]),
        Measure("place spans", "CEC, without LAC", "character F1", by_dictionary[2], alone[2], bar=0.55),
    ]


def characters(articles: Sequence[Marked], found: Sequence[Sequence[tuple[int, int]]]) -> tuple[float, float, float]:
    """Precision, recall and F1 of the characters in ``found`` (spans per article) against those marked."""
    right = count = 0
    for article, spans in zip(articles, found, strict=True):
        places = {at for start, end in spans for at in range(start, end)}
        right += len(places & article.places)
        count += len(places)
    marked = sum(len(article.places) for article in articles)
    return right / max(1, count), right / max(1, marked), 2 * right / max(1, count + marked)
