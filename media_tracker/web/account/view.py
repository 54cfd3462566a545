"""One's own account as its page shows it: user name, password, and by which way notices come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from media_tracker.errors import InvalidInput
from media_tracker.notices.kinds import offered_to
from media_tracker.web.choices import Option, named
from media_tracker.web.notices.words import DELIVERY_NAMES, KIND_NAMES
from media_tracker.web.visitor import Connection, actor, services, visitor

FIELD_NAMES = {"old_password": "old", "password": "new"}
"""What the form calls the fields that ``Accounts`` complains of."""


@dataclass(frozen=True, slots=True)
class Choice:
    """By which way one kind of notice comes."""

    field: str
    kind: str
    """An untranslated name."""
    value: str


@dataclass(frozen=True, slots=True)
class AccountPage:
    """``templates/account/account.html``"""

    username: str
    must_change_password: bool
    mail: str
    choices: Sequence[Choice]
    ways: Sequence[Option]
    digest_hour: str
    errors: Mapping[str, str] = field(default_factory=dict)
    message: str = ""
    """An untranslated sentence, when the try before this one failed; ``params`` fill it and the ``errors``."""
    params: Mapping[str, object] = field(default_factory=dict)


async def account_page_of(
    connection: Connection, error: InvalidInput | None = None, sent: Mapping[str, str] | None = None
) -> AccountPage:
    """The page for the signed-in person; ``error``: what was wrong with what they have ``sent``."""
    room, who, user = services(connection), actor(connection), visitor(connection).user
    assert user is not None  # the guard has seen to it
    stored, given = await room.notices.preferences(who.user_id), sent or {}
    choices = [
        Choice(str(kind), KIND_NAMES[kind], given.get(str(kind), stored[kind])) for kind in offered_to(who.roles)
    ]
    fields = error.fields if error is not None else {}
    return AccountPage(
        username=user.username,
        must_change_password=user.must_change_password,
        mail=given.get("mail", user.mail),
        choices=choices,
        ways=named(connection.app.state.pages.catalogue, DELIVERY_NAMES),
        digest_hour=f"{room.settings.digest_hour:02d}:00",
        errors={FIELD_NAMES.get(name, name): sentence for name, sentence in fields.items()},
        message=error.message if error is not None else "",
        params=error.params if error is not None else {},
    )
