"""The documents and indexes of the system: those of the wiring, or, until there is one, whatever the rooms declare."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Sequence

from beanie import Document
from pymongo import IndexModel

import media_tracker
from media_tracker.accounts import sessions, throttle
from media_tracker.db import events
from media_tracker.files import store


def _of_the_rooms() -> tuple[list[type[Document]], dict[str, Sequence[IndexModel]]]:
    documents: list[type[Document]] = []
    for room in pkgutil.iter_modules(media_tracker.__path__, "media_tracker."):
        if not room.ispkg or importlib.util.find_spec(f"{room.name}.documents") is None:
            continue
        module = importlib.import_module(f"{room.name}.documents")
        documents += [
            each
            for each in vars(module).values()
            if isinstance(each, type) and issubclass(each, Document) and each.__module__ == module.__name__
        ]
    indexes: dict[str, Sequence[IndexModel]] = {
        **{each.Settings.name: each.Settings.indexes for each in documents},  # type: ignore[attr-defined]
        events.COLLECTION: events.INDEXES,
        sessions.COLLECTION: sessions.INDEXES,
        throttle.COLLECTION: throttle.INDEXES,
        **store.INDEXES,
    }
    return documents, indexes


if importlib.util.find_spec("media_tracker.wiring") is not None:
    wiring = importlib.import_module("media_tracker.wiring")
    DOCUMENTS: Sequence[type[Document]] = wiring.DOCUMENTS
    INDEXES = wiring.INDEXES
else:
    DOCUMENTS, INDEXES = _of_the_rooms()
