"""CSS selectors over a page's tree, in time that grows with its size only. Pure.

One XPath for a whole selector, as is usual, takes libxml2 minutes on a page that was made for it: each ``a b`` compares all that
it has found with each other. So only the parts between combinators become XPath; how their matches are related is looked up here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from media_tracker.files.characters import strip_controls

if TYPE_CHECKING:
    from cssselect.parser import Tree
    from lxml.etree import _Element

MAX_SELECTOR_CHARS = 200
_COMBINATORS = (" ", ">", "+")

Select = Callable[["_Element"], Sequence["_Element"]]
"""From an element to those that are selected among it and all in it, in the order of the document."""


@lru_cache(maxsize=256)
def compiled(written: str) -> Select | None:
    """What ``written`` selects; None if it is no CSS selector, or one that cannot be used.

    That is one of more than 200 characters, with pseudo-elements, with combinators inside of ``:has()`` and its like, or with
    ``~``: comparing all siblings with each other takes too long.
    """
    from cssselect import SelectorError, parse
    from lxml.etree import XPathError

    if len(written) > MAX_SELECTOR_CHARS or strip_controls(written) != written:
        return None
    try:
        alternatives = parse(written)
        if any(each.pseudo_element for each in alternatives):
            return None
        chains = [_chain(each.parsed_tree) for each in alternatives]
    except (SelectorError, XPathError, RecursionError, ValueError):
        return None
    return chains[0] if len(chains) == 1 else _any_of(chains)


def _any_of(chains: Sequence[Select]) -> Select:
    def select(element: _Element) -> Sequence[_Element]:
        found = {each for chain in chains for each in chain(element)}
        return [each for each in element.iter() if each in found]

    return select


def _chain(tree: Tree) -> Select:
    """``a b > c``: what ``c`` selects, as far as it is related to what ``a b`` selects."""
    from cssselect import ExpressionError
    from cssselect.parser import CombinedSelector

    if not isinstance(tree, CombinedSelector):
        return _part(tree)
    if tree.combinator not in _COMBINATORS:
        raise ExpressionError(f"{tree.combinator} cannot be used")
    before, part, related = _chain(tree.selector), _part(tree.subselector), _RELATED[tree.combinator]

    def select(element: _Element) -> Sequence[_Element]:
        known = frozenset(before(element))
        return [each for each in part(element) if related(each, known)] if known else []

    return select


def _part(tree: Tree) -> Select:
    """``a.b[c]``: a selector without combinators, by one XPath."""
    from cssselect import ExpressionError, HTMLTranslator
    from cssselect.parser import CombinedSelector
    from cssselect.xpath import XPathExpr
    from lxml.etree import XPath

    class Translator(HTMLTranslator):
        def xpath_combinedselector(self, combined: CombinedSelector) -> XPathExpr:
            raise ExpressionError(f"{combined.combinator} cannot be used inside of a pseudo-class")

    xpath = XPath(f"descendant-or-self::{Translator().xpath(tree)}")
    return lambda element: cast("list[_Element]", xpath(element))


def _is_below(element: _Element, known: frozenset[_Element]) -> bool:
    return any(above in known for above in element.iterancestors())


def _is_child(element: _Element, known: frozenset[_Element]) -> bool:
    return element.getparent() in known


def _is_next(element: _Element, known: frozenset[_Element]) -> bool:
    return element.getprevious() in known


_RELATED = {" ": _is_below, ">": _is_child, "+": _is_next}
