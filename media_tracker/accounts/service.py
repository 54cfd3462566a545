"""Accounts: adding and changing users, signing in and out. The only writer of ``users``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from media_tracker.accounts.actor import Actor, Role
from media_tracker.accounts.audit import Audit
from media_tracker.accounts.documents import AuditAction, Language, User
from media_tracker.accounts.duties import Duties, check_duties, check_names, fold_username
from media_tracker.accounts.passwords import Passwords, check_new_password, random_password
from media_tracker.accounts.sessions import Sessions
from media_tracker.accounts.throttle import Throttle
from media_tracker.db.clock import Clock
from media_tracker.db.connection import Database, Json
from media_tracker.db.events import NewEvent, Origin
from media_tracker.db.ids import parse_id
from media_tracker.db.transactions import Transaction, Transactor
from media_tracker.errors import N_, Conflict, Forbidden, InvalidInput, NotFound
from media_tracker.mail.address import checked_address

COLLECTION = "users"
ENTITY = "user"


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A user just added, and the password to hand over: here and never again."""

    user: User
    password: str


@dataclass(frozen=True, slots=True)
class _Change:
    """One kind of change of a user: its event, its audit entry, and the fields that it sets."""

    event: str
    action: AuditAction | None
    fields: Json = field(default_factory=dict)
    payload: Json = field(default_factory=dict)
    ends_sessions: bool = True


class Accounts:
    """Use cases on accounts.

    ``by`` is who does it; None is the command line of the machine itself. Everything here that is not said to be about
    oneself needs the role admin and raises ``Forbidden`` without.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        transactor: Transactor,
        *,
        passwords: Passwords,
        sessions: Sessions,
        throttle: Throttle,
        audit: Audit,
    ) -> None:
        self._users = database[COLLECTION]
        self._clock = clock
        self._transactor = transactor
        self._passwords = passwords
        self._sessions = sessions
        self._throttle = throttle
        self._audit = audit

    # -- looking up

    async def list_users(self) -> list[User]:
        """All users, by user name."""
        return await User.find_all().sort("username").to_list()

    async def names(self, ids: Iterable[ObjectId]) -> dict[ObjectId, str]:
        """Names to show, by id; unknown ids are left out."""
        cursor = self._users.find({"_id": {"$in": list(ids)}}, {"display_name": 1})
        return {row["_id"]: row["display_name"] async for row in cursor}

    async def get(self, user_id: str) -> User:
        """The user with this id, as a path carries it.

        Raises:
            NotFound: no such user, or no id at all.
        """
        return await self._get(parse_id(user_id))

    async def find_by_username(self, username: str) -> User | None:
        """The user with this name, typed in any case."""
        return await User.find_one({"username": fold_username(username)})

    # -- signing in and out

    async def sign_in(
        self, username: str, password: str, *, client: str, request_id: str | None, old_token: str | None = None
    ) -> str:
        """Check a name and password that came from the address ``client``, and open a session: the cookie's new token.

        ``old_token`` is the cookie that the request carried; its session ends.

        Raises:
            TooMany: too many tries for this name or from this address.
            InvalidInput: wrong; whether the name, the password or a closed account is to blame is not said.
        """
        name = fold_username(username)
        await self._throttle.count(name, client)
        user = await User.find_one({"username": name})
        right = await self._passwords.verify(user.password_hash if user else None, password)
        if user is None or not right or not user.active:
            await self._audit.write(
                AuditAction.SIGN_IN_FAILED, actor=None, subject=user.id if user else None, request_id=request_id
            )
            raise InvalidInput(N_("The user name or the password is not right. Check both and try again."))
        await self._throttle.succeeded(name, client)
        await self._rehash(user, password)
        if old_token is not None:
            await self._sessions.close(old_token)
        token = await self._sessions.open(user)
        await self._audit.write(AuditAction.SIGNED_IN, actor=user.id, subject=user.id, request_id=request_id)
        return token

    async def sign_out(self, token: str, *, request_id: str | None) -> None:
        """End the session of ``token``. Nothing happens when there is none."""
        found = await self._sessions.find(token)
        await self._sessions.close(token)
        if found is not None:
            _, user = found
            await self._audit.write(AuditAction.SIGNED_OUT, actor=user.id, subject=user.id, request_id=request_id)

    async def sign_out_everywhere(self, user_id: ObjectId, *, by: Actor | None, request_id: str | None = None) -> None:
        """End all sessions of a user: one's own, or as admin anybody's."""
        if by is not None and by.user_id != user_id:
            _must_be_admin(by)
        change = _Change("signed_out_everywhere", AuditAction.SIGNED_OUT_EVERYWHERE)
        await self._change(user_id, change, _origin(by, request_id))

    async def change_password(
        self, actor: Actor, old: str, new: str, *, client: str, request_id: str | None = None
    ) -> str:
        """Change one's own password. All sessions end; returns the token of a new one for this browser.

        Raises:
            InvalidInput: the old password is wrong, or the new one cannot be taken.
            TooMany: too many wrong tries of the old one.
        """
        user = await self._get(actor.user_id)
        check_new_password(new, user.username)
        await self._throttle.count(user.username, client)
        if not await self._passwords.verify(user.password_hash, old):
            sentence = N_("The old password is not right.")
            raise InvalidInput(sentence, {"old_password": sentence})
        await self._throttle.succeeded(user.username, client)
        if await self._passwords.verify(user.password_hash, new):
            sentence = N_("The new password is the old one. Choose another.")
            raise InvalidInput(sentence, {"password": sentence})
        fields = {"password_hash": await self._passwords.hash(new), "must_change_password": False}
        change = _Change("password_changed", AuditAction.PASSWORD_CHANGED, fields)
        changed = await self._change(user.object_id, change, _origin(actor, request_id), version=user.version)
        return await self._sessions.open(changed)

    # -- administration

    async def add_user(
        self,
        username: str,
        display_name: str,
        duties: Duties,
        *,
        password: str | None = None,
        by: Actor | None = None,
        language: Language | None = None,
        must_change_password: bool | None = None,
        demo: bool = False,
        request_id: str | None = None,
    ) -> NewAccount:
        """Add a user. Without ``password`` one is made up, which has to be changed at the first sign-in unless said otherwise.

        Raises:
            InvalidInput: a name, role or password that cannot be taken.
            Conflict: the user name is taken.
        """
        _must_be_admin(by)
        name = fold_username(username)
        check_names(name, display_name)
        check_duties(duties)
        chosen = random_password() if password is None else password
        check_new_password(chosen, name)
        must_change = password is None if must_change_password is None else must_change_password
        kept = await self._passwords.hash(chosen)
        now = self._clock()

        async def work(tx: Transaction) -> User:
            user = User(
                username=name,
                display_name=display_name.strip(),
                **duties.fields(),
                password_hash=kept,
                language=language,
                must_change_password=must_change,
                created_at=now,
                demo=demo,
            )
            await user.insert(session=tx.session)
            tx.record(NewEvent(ENTITY, user.object_id, 1, "added", now, {**duties.fields(), "demo": demo}))
            await self._audit.write(
                AuditAction.USER_ADDED,
                actor=tx.origin.actor,
                subject=user.id,
                detail={"roles": sorted(duties.roles)},
                request_id=request_id,
                session=tx.session,
            )
            return user

        try:
            user = await self._transactor.run(work, _origin(by, request_id))
        except DuplicateKeyError as error:
            raise Conflict(
                N_("There is already a user named {username}. Choose another name."), username=name
            ) from error
        return NewAccount(user, chosen)

    async def set_roles(
        self,
        by: Actor | None,
        user_id: ObjectId,
        duties: Duties,
        *,
        version: int | None = None,
        request_id: str | None = None,
    ) -> User:
        """Give a user other roles, units or regions. The user's sessions end. ``version``: the one that the form showed.

        Raises:
            Conflict: changed by somebody else since, or the last active admin would lose the role.
        """
        _must_be_admin(by)
        check_duties(duties)
        fields = duties.fields()
        change = _Change("roles_set", AuditAction.ROLES_CHANGED, fields, fields)
        return await self._change(user_id, change, _origin(by, request_id), version=version)

    async def deactivate(
        self, by: Actor | None, user_id: ObjectId, *, version: int | None = None, request_id: str | None = None
    ) -> User:
        """Close an account; what its owner did stays.

        Raises:
            Conflict: it is the last active admin.
        """
        _must_be_admin(by)
        change = _Change("deactivated", AuditAction.USER_DEACTIVATED, {"active": False})
        return await self._change(user_id, change, _origin(by, request_id), version=version)

    async def reactivate(
        self, by: Actor | None, user_id: ObjectId, *, version: int | None = None, request_id: str | None = None
    ) -> User:
        """Open a closed account again."""
        _must_be_admin(by)
        change = _Change("reactivated", AuditAction.USER_REACTIVATED, {"active": True})
        return await self._change(user_id, change, _origin(by, request_id), version=version)

    async def reset_password(self, by: Actor | None, user_id: ObjectId, *, request_id: str | None = None) -> str:
        """Give a user a new random password, to be changed at the next sign-in. Returns it, here and never again."""
        _must_be_admin(by)
        password = random_password()
        fields = {"password_hash": await self._passwords.hash(password), "must_change_password": True}
        change = _Change("password_reset", AuditAction.PASSWORD_RESET, fields)
        await self._change(user_id, change, _origin(by, request_id))
        return password

    async def set_language(self, actor: Actor, language: Language | None, *, request_id: str | None = None) -> User:
        """Choose the language of one's own pages; None: the browser's."""
        change = _Change("language_set", None, {"language": language}, ends_sessions=False)
        return await self._change(actor.user_id, change, _origin(actor, request_id))

    async def set_mail(self, actor: Actor, address: str, *, request_id: str | None = None) -> User:
        """Choose where one's own mail goes; empty: nowhere. The event does not say.

        Raises:
            InvalidInput: this is no address.
        """
        change = _Change("mail_set", None, {"mail": checked_address(address)}, ends_sessions=False)
        return await self._change(actor.user_id, change, _origin(actor, request_id))

    async def reachable(self, user_id: ObjectId, address: str) -> bool:
        """Whether mail to this user still goes to ``address``: the account is open, and the address is its own."""
        query = {"_id": user_id, "active": True, "mail": address}
        return await self._users.find_one(query, {"_id": 1}) is not None

    async def remove_demo_users(self, *, request_id: str | None = None) -> int:
        """Remove the users that came with the sample data, admins included. Returns how many there were."""

        async def work(tx: Transaction) -> list[ObjectId]:
            users = await User.find({"demo": True}, session=tx.session).to_list()
            ids = [user.object_id for user in users]
            await self._users.delete_many({"_id": {"$in": ids}}, session=tx.session)
            now = self._clock()
            tx.record(*(NewEvent(ENTITY, user.object_id, user.version + 1, "removed", now) for user in users))
            return ids

        removed = await self._transactor.run(work, Origin(request_id=request_id))
        for user_id in removed:
            await self._sessions.close_all(user_id)
        return len(removed)

    # -- one change

    async def _change(self, user_id: ObjectId, change: _Change, origin: Origin, *, version: int | None = None) -> User:
        """Apply ``change`` with its event and audit entry, then end the sessions it ends."""

        async def work(tx: Transaction) -> None:
            user = await User.get(user_id, session=tx.session)
            if user is None:
                raise _no_such_user()
            if version is not None and user.version != version:
                raise Conflict(N_("Somebody else has changed this user. Load the page again and repeat your change."))
            fields = change.fields
            if _is_admin(user.active, user.roles) and not _is_admin(
                fields.get("active", user.active), fields.get("roles", user.roles)
            ):
                await self._another_admin_vouches(user_id, tx.session)
            added = {"version": 1, "session_epoch": 1} if change.ends_sessions else {"version": 1}
            await self._users.update_one(
                {"_id": user_id, "version": user.version},
                {"$inc": added, **({"$set": fields} if fields else {})},
                session=tx.session,
            )
            now = self._clock()
            tx.record(NewEvent(ENTITY, user_id, user.version + 1, change.event, now, change.payload))
            if change.action is not None:
                await self._audit.write(
                    change.action,
                    actor=origin.actor,
                    subject=user_id,
                    detail=change.payload,
                    request_id=origin.request_id,
                    session=tx.session,
                )

        await self._transactor.run(work, origin)
        if change.ends_sessions:
            await self._sessions.close_all(user_id)
        return await self._get(user_id)

    async def _another_admin_vouches(self, user_id: ObjectId, session: AsyncClientSession) -> None:
        """Make sure that an active admin is left beside ``user_id``.

        The other admin's document is *written*, not only read: two admins who close each other's account at the same
        moment would each see the other one still there (write skew); so their transactions collide instead.
        """
        other = await self._users.find_one_and_update(
            {"roles": Role.ADMIN, "active": True, "_id": {"$ne": user_id}}, {"$inc": {"vouched": 1}}, session=session
        )
        if other is None:
            raise Conflict(N_("This is the last active admin. Make somebody else an admin first."))

    async def _rehash(self, user: User, password: str) -> None:
        """Keep the password under today's parameters. Not a change of the user: nothing that anybody sees is different."""
        if self._passwords.is_outdated(user.password_hash):
            kept = await self._passwords.hash(password)
            await self._users.update_one(
                {"_id": user.id, "password_hash": user.password_hash}, {"$set": {"password_hash": kept}}
            )

    async def _get(self, user_id: ObjectId) -> User:
        user = await User.get(user_id)
        if user is None:
            raise _no_such_user()
        return user


def _is_admin(active: bool, roles: list[Role]) -> bool:
    return active and Role.ADMIN in roles


def _must_be_admin(by: Actor | None) -> None:
    if by is not None and not by.has(Role.ADMIN):
        raise Forbidden(N_("Only an admin may manage accounts."))


def _origin(by: Actor | None, request_id: str | None) -> Origin:
    return Origin(actor=by.user_id if by else None, request_id=request_id)


def _no_such_user() -> NotFound:
    return NotFound(N_("There is no such user."))
