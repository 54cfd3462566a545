"""How rare the grams of texts are, counted over many: what is rare tells places and people apart. Pure.

Apart from ``similarity``, which needs SciPy: pages and workers, which compare one story with few problems, do not.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from media_tracker.tagging.labelled import packaged_lines
from media_tracker.text.grams import SIZE, grams


@dataclass(frozen=True, slots=True)
class Rarity:
    """In how many of ``texts`` texts each gram is."""

    having: NDArray[np.int64]
    texts: int

    @classmethod
    def of(cls, texts: Iterable[str]) -> Rarity:
        """Over ``texts``."""
        having = np.zeros(SIZE, dtype=np.int64)
        number = 0
        for number, text in enumerate(texts, start=1):  # noqa: B007 - the last number is how many there were
            having[np.unique(grams(text))] += 1
        return cls(having, number)

    def __add__(self, other: Rarity) -> Rarity:
        return Rarity(self.having + other.having, self.texts + other.texts)

    @property
    def weights(self) -> NDArray[np.float32]:
        """What each gram weighs."""
        return (np.log((self.texts + 1) / (self.having + 1)) + 1).astype(np.float32)


@lru_cache(maxsize=1)
def background() -> Rarity:
    """Over the stories that the package carries."""
    stories = (json.loads(line) for line in packaged_lines())
    return Rarity.of(f"{story.get('title') or ''}\n{story.get('body') or ''}" for story in stories)


@lru_cache(maxsize=1)
def background_weights() -> NDArray[np.float32]:
    """``background().weights``, kept. The first call takes some tenths of a second: on an event loop, await
    ``background_ready`` before it.
    """
    return background().weights


async def background_ready() -> None:
    """Have ``background_weights`` counted by now, in a thread if they have to be."""
    if not background_weights.cache_info().currsize:
        await asyncio.to_thread(background_weights)
