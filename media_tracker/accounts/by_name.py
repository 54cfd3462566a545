"""Whom a name in a sheet means."""

from __future__ import annotations

from collections.abc import Iterable

from bson import ObjectId

from media_tracker.accounts.documents import User
from media_tracker.places.responsibility_names import plain


def people_by_name(users: Iterable[User]) -> dict[str, ObjectId]:
    """Active accounts by user name and by name; a name that two people have is nobody's."""
    people: dict[str, set[ObjectId]] = {}
    for user in users:
        for name in (user.username, user.display_name):
            if user.active and name:
                people.setdefault(plain(name), set()).add(user.object_id)
    return {name: next(iter(ids)) for name, ids in people.items() if len(ids) == 1}
