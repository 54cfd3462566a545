"""Accounts: adding, changing, the last admin; every change has its event and its entry in the audit trail."""

from __future__ import annotations

import asyncio

import pytest
from bson import ObjectId

from media_tracker.accounts.actor import Actor, Level, Role
from media_tracker.accounts.audit import Audit
from media_tracker.accounts.documents import AuditAction
from media_tracker.accounts.duties import Duties
from media_tracker.accounts.service import Accounts
from media_tracker.db.connection import Database
from media_tracker.db.events import EventLog
from media_tracker.errors import Conflict, Forbidden, InvalidInput, MediaTrackerError, NotFound
from tests.accounts.conftest import ADMIN, EDITOR

UNIT, OTHER_UNIT = ObjectId(), ObjectId()
OFFICIAL = Duties(frozenset({Role.OFFICIAL}), (UNIT,), (OTHER_UNIT,), ("370303",), Level.DISTRICT)


async def actions(audit: Audit) -> list[AuditAction]:
    """What the audit trail tells, oldest first."""
    return [entry.action for entry in reversed(await audit.latest())]


async def test_a_user_is_added_with_an_event_that_names_nobody(accounts: Accounts, log: EventLog, audit: Audit) -> None:
    added = await accounts.add_user(" Zhang.San ", "张三", OFFICIAL, language="zh_CN", request_id="r-7")

    user = await accounts.get(str(added.user.id))
    assert (user.username, user.display_name, user.language, user.version) == ("zhang.san", "张三", "zh_CN", 1)
    assert user.must_change_password
    assert len(added.password) >= 10
    (event,) = await log.of("user", user.object_id)
    assert (event.seq, event.type, event.request_id) == (1, "added", "r-7")
    assert event.payload["roles"] == ["official"]
    assert event.payload["unit_ids"] == [UNIT]
    assert "张三" not in str(event)
    assert "zhang" not in str(event)
    assert "argon2" not in str(event)
    (entry,) = await audit.latest()
    assert (entry.action, entry.subject, entry.request_id) == (AuditAction.USER_ADDED, user.id, "r-7")


async def test_an_actor_is_what_the_user_may_do(accounts: Accounts) -> None:
    user = (await accounts.add_user("zhang", "张三", OFFICIAL)).user

    assert (await accounts.get(str(user.id))).actor() == Actor(
        user_id=user.object_id,
        roles=frozenset({Role.OFFICIAL}),
        units=frozenset({UNIT}),
        answers_for=frozenset({OTHER_UNIT}),
        backs=frozenset({"370303"}),
        level=Level.DISTRICT,
    )


async def test_a_password_given_by_hand_need_not_be_changed(accounts: Accounts) -> None:
    added = await accounts.add_user("first", "First", ADMIN, password="correct horse")

    assert added.password == "correct horse"
    assert not added.user.must_change_password


async def test_a_user_name_is_taken_in_any_spelling(accounts: Accounts, log: EventLog) -> None:
    await accounts.add_user("zhang", "张三", EDITOR)
    for same in ("zhang", "ZHANG", "ｚｈａｎｇ", " zhang "):
        with pytest.raises(Conflict):
            await accounts.add_user(same, "张四", EDITOR)

    assert len(await accounts.list_users()) == 1
    assert len(await log.read(0)) == 1


async def test_of_two_who_add_the_same_name_at_once_one_gets_a_clear_conflict(accounts: Accounts) -> None:
    results = await asyncio.gather(
        *(accounts.add_user("zhang", f"{n}", EDITOR) for n in range(6)), return_exceptions=True
    )

    assert sum(not isinstance(result, BaseException) for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 5


@pytest.mark.parametrize(
    ("username", "display_name", "duties", "field"),
    [
        ("", "张三", EDITOR, "username"),
        ("a", "张三", EDITOR, "username"),
        ("a b", "张三", EDITOR, "username"),
        ("-dash", "张三", EDITOR, "username"),
        ("x" * 65, "张三", EDITOR, "username"),
        ("zhang", " ", EDITOR, "display_name"),
        ("zhang", "张" * 65, EDITOR, "display_name"),
        ("zhang", "张三", Duties(frozenset()), "roles"),
        ("zhang", "张三", Duties(frozenset({Role.OFFICIAL})), "unit_ids"),
    ],
)
async def test_what_cannot_be_taken_is_refused_with_the_field_that_is_wrong(
    accounts: Accounts, username: str, display_name: str, duties: Duties, field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await accounts.add_user(username, display_name, duties)

    assert set(refused.value.fields) == {field}
    assert await accounts.list_users() == []


@pytest.mark.parametrize("user_id", ["", "nonsense", "../etc", "0" * 24, "会" * 24])
async def test_an_id_that_is_none_is_not_found(accounts: Accounts, user_id: str) -> None:
    with pytest.raises(NotFound):
        await accounts.get(user_id)


async def test_new_roles_end_the_sessions_and_are_written_down(accounts: Accounts, log: EventLog, audit: Audit) -> None:
    admin = (await accounts.add_user("admin", "Admin", ADMIN)).user
    user = (await accounts.add_user("zhang", "张三", EDITOR)).user

    changed = await accounts.set_roles(admin.actor(), user.object_id, OFFICIAL, version=1)

    assert (changed.roles, changed.unit_ids, changed.version) == ([Role.OFFICIAL], [UNIT], 2)
    assert changed.session_epoch == user.session_epoch + 1
    event = (await log.of("user", user.object_id))[-1]
    assert (event.seq, event.type, event.actor) == (2, "roles_set", admin.id)
    assert event.payload["roles"] == ["official"]
    entry = (await audit.latest(subject=user.id))[0]
    assert (entry.action, entry.actor) == (AuditAction.ROLES_CHANGED, admin.id)
    assert entry.detail["roles"] == ["official"]


async def test_a_form_that_shows_an_older_version_is_refused(accounts: Accounts) -> None:
    user = (await accounts.add_user("zhang", "张三", EDITOR)).user
    await accounts.set_roles(None, user.object_id, OFFICIAL, version=1)

    with pytest.raises(Conflict):
        await accounts.set_roles(None, user.object_id, EDITOR, version=1)
    assert (await accounts.get(str(user.id))).roles == [Role.OFFICIAL]


async def test_of_many_who_change_one_user_at_once_one_wins(accounts: Accounts, log: EventLog) -> None:
    user = (await accounts.add_user("zhang", "张三", EDITOR)).user
    results = await asyncio.gather(
        *(accounts.set_roles(None, user.object_id, OFFICIAL, version=1) for _ in range(5)), return_exceptions=True
    )

    assert sum(not isinstance(result, BaseException) for result in results) == 1
    assert all(isinstance(result, Conflict) for result in results if isinstance(result, BaseException))
    assert [event.seq for event in await log.of("user", user.object_id)] == [1, 2]


async def test_nobody_but_an_admin_manages_accounts(accounts: Accounts) -> None:
    editor = (await accounts.add_user("editor", "小编", EDITOR)).user
    by, someone = editor.actor(), ObjectId()
    for attempt in (
        accounts.add_user("new", "New", ADMIN, by=by),
        accounts.set_roles(by, editor.object_id, ADMIN),
        accounts.deactivate(by, editor.object_id),
        accounts.reactivate(by, editor.object_id),
        accounts.reset_password(by, someone),
        accounts.sign_out_everywhere(someone, by=by),
    ):
        with pytest.raises(Forbidden):
            await attempt

    assert [user.username for user in await accounts.list_users()] == ["editor"]


async def test_a_change_of_nobody_is_not_found(accounts: Accounts, log: EventLog) -> None:
    with pytest.raises(NotFound):
        await accounts.deactivate(None, ObjectId())
    assert await log.read(0) == []


async def test_the_last_active_admin_cannot_be_closed_or_lose_the_role(accounts: Accounts) -> None:
    admin = (await accounts.add_user("admin", "Admin", ADMIN)).user
    closed = (await accounts.add_user("closed", "Closed", ADMIN)).user
    await accounts.deactivate(None, closed.object_id)

    with pytest.raises(Conflict):
        await accounts.deactivate(admin.actor(), admin.object_id)
    with pytest.raises(Conflict):
        await accounts.set_roles(admin.actor(), admin.object_id, EDITOR)
    kept = await accounts.set_roles(admin.actor(), admin.object_id, Duties(frozenset({Role.ADMIN, Role.EDITOR})))
    assert kept.active

    await accounts.reactivate(None, closed.object_id)
    assert not (await accounts.deactivate(None, admin.object_id)).active


@pytest.mark.parametrize("admins", [2, 4])
async def test_admins_who_close_each_other_at_the_same_moment_leave_one(accounts: Accounts, admins: int) -> None:
    cast = [(await accounts.add_user(f"admin-{n}", "Admin", ADMIN)).user for n in range(admins)]
    results = await asyncio.gather(
        *(accounts.deactivate(None, user.object_id) for user in cast), return_exceptions=True
    )

    active = [user for user in await accounts.list_users() if user.active]
    assert len(active) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 1
    assert all(isinstance(result, MediaTrackerError) for result in results if isinstance(result, BaseException))


async def test_a_choice_of_language_leaves_the_sessions_alone(accounts: Accounts, log: EventLog) -> None:
    user = (await accounts.add_user("zhang", "张三", EDITOR)).user
    changed = await accounts.set_language(user.actor(), "en")

    assert (changed.language, changed.version, changed.session_epoch) == ("en", 2, 0)
    assert (await log.of("user", user.object_id))[-1].type == "language_set"


async def test_sample_users_go_with_the_sample_data_and_real_ones_stay(
    accounts: Accounts, database: Database, log: EventLog
) -> None:
    await accounts.add_user("real", "Real", ADMIN)
    demo = (await accounts.add_user("demo", "演示", ADMIN, demo=True)).user

    assert await accounts.remove_demo_users() == 1
    assert await accounts.remove_demo_users() == 0
    assert [user.username for user in await accounts.list_users()] == ["real"]
    assert [event.type for event in await log.of("user", demo.object_id)] == ["added", "removed"]


async def test_the_audit_trail_tells_what_happened_in_order(accounts: Accounts, audit: Audit) -> None:
    user = (await accounts.add_user("zhang", "张三", EDITOR)).user
    await accounts.reset_password(None, user.object_id)
    await accounts.deactivate(None, user.object_id)
    await accounts.reactivate(None, user.object_id)
    await accounts.sign_out_everywhere(user.object_id, by=user.actor())

    assert await actions(audit) == [
        AuditAction.USER_ADDED,
        AuditAction.PASSWORD_RESET,
        AuditAction.USER_DEACTIVATED,
        AuditAction.USER_REACTIVATED,
        AuditAction.SIGNED_OUT_EVERYWHERE,
    ]


async def test_exports_and_releases_can_be_written_down(audit: Audit) -> None:
    who, unit = ObjectId(), ObjectId()
    await audit.write(
        AuditAction.EXPORTED, actor=who, subject="problems", detail={"rows": 215, "units": [unit]}, request_id="r-9"
    )

    (entry,) = await audit.latest(subject="problems")
    assert (entry.action, entry.actor, entry.detail) == (AuditAction.EXPORTED, who, {"rows": 215, "units": [unit]})
