"""The page of what has been learnt, and the table of categories."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from bson import ObjectId

from media_tracker.accounts.actor import Role
from media_tracker.accounts.documents import AuditAction
from media_tracker.accounts.duties import Duties
from media_tracker.tagging.versions import Trained
from media_tracker.wiring import Services
from tests.web.browser import Browser
from tests.web.desk_scene import PASSWORD, PAVING, Scene

LEARNING = "/admin/learning"


@pytest_asyncio.fixture
async def scene(services: Services) -> Scene:
    made = await Scene.build(services)
    await services.accounts.add_user("admin", "admin person", Duties(frozenset({Role.ADMIN})), password=PASSWORD)
    return made


@pytest_asyncio.fixture
async def admin(scene: Scene) -> AsyncIterator[Browser]:
    async with scene.browser("admin") as browser:
        yield browser


async def _two_versions(scene: Scene) -> None:
    await scene.services.versions.add(Trained(b"one", "model-1", "release", 0, 0), None)
    figures, former = {"kind": 0.875, "category": 0.5}, {"kind": 0.75}
    await scene.services.versions.add(Trained(b"two", "model-2", "release", 40, 9, figures, former), None)


async def test_versions_are_shown_with_their_figures_beside_the_former_ones(scene: Scene, admin: Browser) -> None:
    await _two_versions(scene)
    shown = (await admin.get(LEARNING)).text
    assert "Version 1 is in use since" in shown
    assert "<strong>87.5%</strong>" in shown
    assert "(75%)" in shown
    assert "Roll back" in shown


async def test_an_admin_rolls_back_and_an_editor_may_not(scene: Scene, admin: Browser) -> None:
    await _two_versions(scene)
    async with scene.browser() as editor:
        assert "Roll back" not in (await editor.get(LEARNING)).text
        assert (await editor.post(f"{LEARNING}/use", {"number": "0", "seen": "1"})).status_code == 403
    assert (await admin.post(f"{LEARNING}/use", {"number": "0", "seen": "0"})).status_code == 409
    assert (await admin.post(f"{LEARNING}/use", {"number": "0", "seen": "1"})).status_code == 303
    in_use = await scene.services.versions.in_use()
    assert in_use is not None
    assert in_use.number == 0
    (entry, *_) = await scene.services.audit.latest()
    assert (entry.action, entry.subject) == (AuditAction.MODEL_CHOSEN, "model/0")


async def test_an_editor_asks_for_a_version_once(scene: Scene) -> None:
    async with scene.browser() as editor:
        before = (await editor.get(LEARNING)).text
        assert (await editor.post(f"{LEARNING}/train")).status_code == 303
        after = (await editor.get(LEARNING)).text
    assert "No version has been trained yet" in before
    assert "Train a version now" in before
    assert "A version has been asked for" in after
    assert "Train a version now" not in after
    assert (await scene.services.learner.progress()).asked_at is not None


async def test_a_category_is_changed_with_an_entry_in_the_audit_trail(scene: Scene, admin: Browser) -> None:
    path = f"/admin/categories/{PAVING}"
    data = {
        "name_zh": "道路破损",
        "name_en": "Broken roads",
        "usual_unit_zh": "城管",
        "limit": "5",
        "limit_unit": "workday",
    }
    assert (await admin.post(path, {**data, "active": "1"})).status_code == 303
    category = (await scene.services.taxonomy.table())[PAVING]
    assert (category.name_zh, category.limit, category.limit_unit, category.danger) == ("道路破损", 5, "workday", False)
    (entry, *_) = await scene.services.audit.latest()
    assert (entry.action, entry.subject) == (AuditAction.CATEGORY_CHANGED, PAVING)
    assert "Broken roads" in (await admin.get("/admin/audit")).text


async def test_a_category_without_a_name_or_limit_comes_back(scene: Scene, admin: Browser) -> None:
    answer = await admin.post(f"/admin/categories/{PAVING}", {"name_zh": " ", "limit": "0", "limit_unit": "workday"})
    assert answer.status_code == 422
    assert "Please give a name." in answer.text
    assert "Please give a time limit" in answer.text
    assert (await scene.services.taxonomy.table())[PAVING].name_zh


async def test_a_category_out_of_use_is_neither_offered_nor_suggested_and_keeps_what_is_in_it(
    scene: Scene, admin: Browser
) -> None:
    story = await scene.put_story()
    other = await scene.put_story("另一篇", suggested=False)
    async with scene.browser() as editor:
        await scene.decide(editor, story)
        data = {"name_zh": "道路破损", "limit": "5", "limit_unit": "workday"}
        assert (await admin.post(f"/admin/categories/{PAVING}", data)).status_code == 303
        kept = (await editor.get(f"/desk?story={story.id}&again=1")).text
        offered = (await editor.get(f"/desk?story={other.id}")).text
    assert f'<option value="{PAVING}" selected>' in kept
    assert f'<option value="{PAVING}"' not in offered
    await scene.services.tagging.look_at([ObjectId(other.id)])
    seen = (await scene.story(other)).suggestion
    assert seen is not None
    assert seen.category != PAVING
