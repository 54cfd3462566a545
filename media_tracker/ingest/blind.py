"""Stories that wait for a blind second look, as those see them who must not know yet what the first editor has said. Pure.

As long as a story waits, it is for every editor but the first one a story that nobody has decided: on the desk, in lists, on its
own page. People who are no editors cannot be asked for the second look, and see it as it is.

Whoever shows stories to a signed-in person passes them through ``as_seen_by``; whoever asks for a list of them by what was
decided says who asks (``StoryFilter.viewer``), or uses the queries below: a story must not be found by what it must not show.
The queue of an editor is what is pending and not ``blind_to`` the editor, and what is ``queued_for`` the editor.
"""

from __future__ import annotations

from collections.abc import Iterable

from bson import ObjectId

from media_tracker.accounts.actor import Actor, Role
from media_tracker.db.connection import Json
from media_tracker.ingest.documents import DeskState, Story

INDEX = "blind"
"""Name of the index of the stories that carry a mark, newest first."""


def is_hidden_from(story: Story, who: Actor) -> bool:
    """Whether ``who`` must not know yet what was decided of ``story``.

    A story that was withdrawn or that its outlet has changed since is not looked at twice, and hides nothing.
    """
    mark = story.blind
    return (
        mark is not None
        and story.decision is not None
        and story.withdrawn_at is None
        and mark.first != who.user_id
        and mark.content_hash == story.content_hash
        and who.has(Role.EDITOR)
    )


def as_seen_by(story: Story, who: Actor) -> Story:
    """``story``, or a copy of it that nobody has decided where ``who`` must not know the decision.

    Its version is that from before the decision, which would tell; a second decision is not held to it.
    """
    if not is_hidden_from(story, who):
        return story
    assert story.blind is not None  # or nothing would be hidden
    undecided = {
        "decision": None,
        "desk": DeskState.PENDING,
        "district": story.blind.district,
        "version": story.blind.version,
        "changed_since_decision": False,
    }
    masked: Story = story.model_copy(update=undecided)
    return masked


def all_as_seen_by(stories: Iterable[Story], who: Actor) -> list[Story]:
    """Each of ``stories`` as ``who`` may see it."""
    return [as_seen_by(each, who) for each in stories]


def blind_to(user: ObjectId) -> Json:
    """Query: stories whose decision the editor ``user`` must not know yet. Read with ``.hint(INDEX)``, newest first."""
    return {
        "blind.first": {"$exists": True, "$ne": user},
        "decision": {"$ne": None},
        "changed_since_decision": {"$ne": True},
        "withdrawn_at": None,
    }


def queued_for(user: ObjectId) -> Json:
    """Query: stories that wait for a second look which ``user`` may give; they belong into the editor's queue as any other.

    Disjoint from the stories of the desk that nobody has decided; shown through ``as_seen_by`` they look like them.
    """
    return {**blind_to(user), "blind.queued": True}
