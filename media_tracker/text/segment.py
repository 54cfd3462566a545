"""Words for the search index. MongoDB's text index does not segment Chinese, so it is given words to index."""

from __future__ import annotations

import rjieba

from media_tracker.text.normalise import plain_text

LONGEST_TEXT = 20_000
"""Characters of a text that are indexed; what follows is not found by search."""

LONGEST_TOKEN = 40


def search_tokens(text: str) -> list[str]:
    """Distinct words of ``text`` in the order they first appear, lower-case, without punctuation and blanks.

    Long words come with the shorter words in them (垃圾桶 also gives 垃圾), so that a query of either finds the text.
    Use it for the query, too.
    """
    plain = plain_text(text[:LONGEST_TEXT]).lower()
    words = dict.fromkeys(map(str.strip, rjieba.cut_for_search(plain)))
    return [word for word in words if len(word) <= LONGEST_TOKEN and (word.isalnum() or any(map(str.isalnum, word)))]
