"""What may be shown of a good deed's people and pictures, and when it may be released. Pure.

A name is shown with consent that stands, and never of somebody under 18. A picture in which somebody can be recognised is shown
only where every name may be. Where nobody has said how old a person is, words of the stories that point to a child mask.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from media_tracker.deeds.deed import DeedPhoto, DeedStory, Person
from media_tracker.errors import N_, Conflict

LONG_NAME = 3
"""From so many characters on, a name is also known without its surname: 小明 of 王小明."""


def under_18(person: Person, young: bool) -> bool:
    """Whether a person counts as under 18. ``young``: words of the stories point to a child."""
    return young if person.minor is None else person.minor


def agreed(person: Person) -> bool:
    """Whether the person, or for a child the guardian, has agreed, and has not taken it back."""
    return person.consent is not None and person.consent.stands


def taken_back(person: Person) -> bool:
    """Whether consent has been withdrawn."""
    return person.consent is not None and not person.consent.stands


def may_name(person: Person, young: bool) -> bool:
    """Whether the name may be shown."""
    return bool(person.name.strip()) and agreed(person) and not under_18(person, young)


def may_show(photo: DeedPhoto, people: Sequence[Person], young: bool) -> bool:
    """Whether a picture may be shown to everybody who may see the deed."""
    return not photo.people or (bool(people) and all(may_name(person, young) for person in people))


def may_look(photo: DeedPhoto, people: Sequence[Person], young: bool) -> bool:
    """Whether those who work on the deed may look at a picture: until somebody takes consent back."""
    return may_show(photo, people, young) or not any(taken_back(person) for person in people)


def masked(text: str, people: Sequence[Person], young: bool, instead: Callable[[Person], str]) -> str:
    """``text`` with ``instead`` of a person in the place of each name that may not be shown.

    Of somebody under 18 the given name alone is masked, too. Longer names come first: one may hold another.
    """
    hidden: dict[str, str] = {}
    for person in people:
        name = person.name.strip()
        if not name or may_name(person, young):
            continue
        hidden[name] = instead(person)
        if under_18(person, young) and len(name) >= LONG_NAME:
            hidden.setdefault(name[-2:], instead(person))
    for name in sorted(hidden, key=lambda each: (-len(each), each)):
        text = text.replace(name, hidden[name])
    return text


def agreed_in_full(person: Person, young: bool) -> bool:
    """Whether there is consent that is enough for the public: of somebody under 18 the guardian's."""
    return agreed(person) and person.consent is not None and (person.consent.guardian or not under_18(person, young))


def is_public(released: bool, people: Sequence[Person], stories: Sequence[DeedStory], young: bool) -> bool:
    """Whether a deed stands in the public library: released, consent stands, and a story still tells of it."""
    return released and all(agreed_in_full(p, young) for p in people) and any(s.withdrawn_at is None for s in stories)


def why_not_release(
    people: Sequence[Person], stories: Sequence[DeedStory], young: bool, nobody: bool
) -> Conflict | None:
    """Why a deed cannot go into the public library; None when it can. ``nobody``: somebody has looked, and it names nobody."""
    if not any(story.withdrawn_at is None for story in stories):
        return Conflict(N_("Every story that told of it has been withdrawn."))
    if not people and not nobody:
        return Conflict(
            N_("No person is recorded. Add the people and their consent, or confirm that nobody can be recognised.")
        )
    if not all(agreed(person) for person in people):
        return Conflict(N_("It can be released once everybody in it has agreed, and the consent is recorded."))
    if not all(agreed_in_full(person, young) for person in people):
        return Conflict(N_("For somebody under 18 a parent or guardian has to agree."))
    return None
