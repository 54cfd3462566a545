"""The one error tree.

::

    MediaTrackerError            something a person can be told in one sentence
    ├── InvalidInput       422   a form, file or argument is wrong; ``fields`` says which
    ├── NotSignedIn        401   nobody is signed in
    ├── Forbidden          403   signed in, but not theirs to see or do
    ├── NotFound           404   there is no such thing (or not for you)
    ├── Conflict           409   somebody else was faster, or the state does not allow it
    ├── TooLarge           413   more bytes, pixels or rows than is allowed
    ├── TooMany            429   too many tries; ``retry_after`` seconds
    ├── NotReady           503   the database is not migrated, or is not there
    └── Unavailable        502   something outside did not answer as it should

A message is an English sentence with ``{named}`` parameters. It is its own gettext id: the web translates it, the command line
prints it as it is. It says what to do, and never carries a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Self


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "mark, but do not translate here"
    """Mark ``message`` for translation without translating it."""
    return message


class Sentence(str):
    """An English sentence that knows how it was made: ``message`` is its gettext id, ``params`` fills its ``{named}`` places.

    It can be shown, compared and sorted like any text; who shows it in another language fills in the translated message.
    """

    message: str
    params: Mapping[str, str]

    __slots__ = ("message", "params")

    def __new__(cls, message: str, **params: object) -> Self:
        sentence = super().__new__(cls, message.format(**params) if params else message)
        sentence.message = message
        sentence.params = {name: str(value) for name, value in params.items()}
        return sentence

    def __reduce__(self) -> tuple[object, ...]:
        return partial(type(self), self.message, **self.params), ()


class MediaTrackerError(Exception):
    """Base of every error that may be shown to a person.

    ``message`` is the untranslated sentence, ``params`` fills its ``{named}`` places.
    """

    def __init__(self, message: str, **params: object) -> None:
        super().__init__(message)
        self.message = message
        self.params: dict[str, object] = params

    def __str__(self) -> str:
        return self.message.format(**self.params) if self.params else self.message


class InvalidInput(MediaTrackerError):
    """Input that cannot be taken. ``fields`` maps a field's name to its own (untranslated) sentence."""

    def __init__(self, message: str, fields: Mapping[str, str] | None = None, **params: object) -> None:
        super().__init__(message, **params)
        self.fields: dict[str, str] = dict(fields or {})


class NotSignedIn(MediaTrackerError):
    """Nobody is signed in."""


class Forbidden(MediaTrackerError):
    """The actor may not see or do this."""


class NotFound(MediaTrackerError):
    """There is no such thing, or none that the actor may know of."""


class Conflict(MediaTrackerError):
    """The thing has changed since it was read, or its state does not allow the step."""


class TooLarge(MediaTrackerError):
    """More bytes, pixels or rows than a limit allows."""


class TooMany(MediaTrackerError):
    """Too many tries. ``retry_after`` is in seconds."""

    def __init__(self, message: str, retry_after: int, **params: object) -> None:
        super().__init__(message, **params)
        self.retry_after = retry_after


class NotReady(MediaTrackerError):
    """The system cannot serve yet: no database, or one that is not migrated."""


class Unavailable(MediaTrackerError):
    """Something outside (a feed, a page) did not answer as it should."""
