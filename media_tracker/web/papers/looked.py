"""What the parts of a dossier are made with: what was looked up, and how it is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bson import ObjectId

from media_tracker.papers.casefile import Bundle
from media_tracker.papers.word import Picture
from media_tracker.web.papers.wording import Wording


@dataclass(frozen=True, slots=True)
class Looked:
    """``pictures``: the photos of a Word document, by id; none for a page."""

    bundle: Bundle
    wording: Wording
    pictures: Mapping[ObjectId, Picture]
