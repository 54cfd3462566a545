"""Bulletins before they are signed: the draft with its preview, as a Word file, and the release (签发)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any
from urllib.parse import quote

from bson import ObjectId
from litestar import Request, Response, get, post
from litestar.params import FromPath

from media_tracker.accounts.documents import AuditAction
from media_tracker.errors import N_, Conflict, InvalidInput
from media_tracker.monitor.bulletin_counts import Counted
from media_tracker.monitor.bulletin_rules import LONGEST_BLOCK, LONGEST_TITLE, Texts
from media_tracker.monitor.bulletins import Issue, period_of, texts_of
from media_tracker.monitor.definitions import Key
from media_tracker.monitor.documents import Bulletin, BulletinState
from media_tracker.monitor.periods import read_period
from media_tracker.papers.bulletin_content import BulletinContent
from media_tracker.papers.word import CONTENT_TYPE
from media_tracker.web.bulletins.content import TITLE, Signing, compose, deeds_of, read_seen, spelt, today_of, word_of
from media_tracker.web.bulletins.pages import show_list
from media_tracker.web.forms import Form, read_form
from media_tracker.web.guards import publicity
from media_tracker.web.i18n import current_locale, use_locale
from media_tracker.web.naming import Names, names_of
from media_tracker.web.render import page, see_other
from media_tracker.web.trail import write_down
from media_tracker.web.visitor import actor, origin, services, visitor

PATH = "/bulletins/drafts"
MOST_OFFERED = 60
"""Good deeds to choose from."""


@dataclass(frozen=True, slots=True)
class DraftPage:
    """``templates/bulletins/draft.html``. ``values``: what the form shows; ``seen``: what was seen of the figures."""

    id: str
    version: int
    first: date
    last: date
    values: Mapping[str, str]
    deeds: Sequence[Mapping[str, str]]
    chosen: Sequence[str]
    content: BulletinContent
    next_serial: int
    seen: str
    limits: Mapping[str, int]
    breadcrumb: Sequence[Mapping[str, str]]
    errors: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)
    notice: str = ""


@post(PATH, guards=[publicity])
async def begin(request: Request[Any, Any, Any]) -> Response[Any]:
    """Begin a bulletin on some days."""
    use, form = services(request), await read_form(request)
    start, end = form.text("from"), form.text("to")
    try:
        period = read_period(start, end, today_of(use))
        texts = Texts(title=(await names_of(request)).gettext(TITLE))
        draft = await use.bulletins.drafts.begin(period, current_locale(), texts, actor(request), origin(request))
    except InvalidInput as error:
        return await show_list(request, start, end, error)
    return await see_other(request, f"{PATH}/{draft.id}")


@get(f"{PATH}/{{draft_id:str}}", guards=[publicity])
async def draft_page(request: Request[Any, Any, Any], draft_id: FromPath[str]) -> Response[Any]:
    """The draft with its preview; once it is released, the way to the release."""
    draft = await services(request).bulletins.drafts.get(draft_id)
    if draft.frozen is not None:
        return await see_other(request, f"/bulletins/{draft.frozen.release}")
    return await _show(request, draft)


@get(f"{PATH}/{{draft_id:str}}/bulletin.docx", guards=[publicity])
async def draft_file(request: Request[Any, Any, Any], draft_id: FromPath[str]) -> Response[bytes]:
    """The draft as a Word file, counted now, without a number."""
    draft = await services(request).bulletins.drafts.get(draft_id)
    content, _ = await _content(request, draft)
    word = await word_of(services(request), content, draft.language)
    await write_down(request, AuditAction.EXPORTED, f"bulletin/{draft.id}.docx")
    name = quote(f"{content.title} {draft.start} {draft.end}.docx", safe="")
    headers = {"content-disposition": f"attachment; filename=\"bulletin.docx\"; filename*=UTF-8''{name}"}
    return Response(word, media_type=CONTENT_TYPE, headers=headers)


@post(f"{PATH}/{{draft_id:str}}", guards=[publicity])
async def save(request: Request[Any, Any, Any], draft_id: FromPath[str]) -> Response[Any]:
    """Keep what was written."""
    form = await read_form(request)
    try:
        await _keep(request, draft_id, form)
    except (InvalidInput, Conflict) as error:
        return await _show(request, await services(request).bulletins.drafts.get(draft_id), form, error)
    return await see_other(request, f"{PATH}/{draft_id}", N_("Saved."))


@post(f"{PATH}/{{draft_id:str}}/discard", guards=[publicity])
async def discard(request: Request[Any, Any, Any], draft_id: FromPath[str]) -> Response[Any]:
    """Give up a draft."""
    form = await read_form(request)
    await services(request).bulletins.drafts.discard(draft_id, form.version(), actor(request), origin(request))
    return await see_other(request, "/bulletins", N_("The draft is gone."))


@post(f"{PATH}/{{draft_id:str}}/release", guards=[publicity])
async def release(request: Request[Any, Any, Any], draft_id: FromPath[str]) -> Response[Any]:
    """Sign the draft as it was saved and shown, and make its figures public (签发)."""
    use, form = services(request), await read_form(request)
    draft = await use.bulletins.drafts.get(draft_id)
    try:
        if draft.state is not BulletinState.DRAFT or draft.version != form.version():
            raise Conflict(N_("Somebody else was faster. Load the page again and repeat your change."))
        issued = await _release(request, draft, form)
    except (InvalidInput, Conflict) as error:
        return await _show(request, await use.bulletins.drafts.get(draft_id), None, error)
    frozen = issued.frozen
    assert frozen is not None  # it was frozen a moment ago
    await write_down(
        request, AuditAction.RELEASED, f"bulletin/{frozen.release}", year=frozen.year, serial=frozen.serial
    )
    return await see_other(request, f"/bulletins/{frozen.release}", N_("Released. The figures are public now."))


async def _release(request: Request[Any, Any, Any], draft: Bulletin, form: Form) -> Bulletin:
    use, now = services(request), services(request).clock()
    year = now.astimezone(use.settings.zone).year
    serial = draft.serial or await use.bulletins.next_serial(year)
    content, counted = await _content(request, draft, serial=serial, frozen=True)
    word = await word_of(use, content, draft.language)
    issue = Issue(year, serial, asdict(content), word, f"{content.title}{content.number}.docx")
    return await use.bulletins.release(
        str(draft.id), draft.version, counted, issue, read_seen(form.text("seen")), actor(request), origin(request)
    )


async def _content(
    request: Request[Any, Any, Any], draft: Bulletin, *, serial: int | None = None, frozen: bool = False
) -> tuple[BulletinContent, Counted]:
    """What the draft says now. ``frozen``: it is signed now, so everything is counted as of this very moment."""
    use, now, user = services(request), services(request).clock(), visitor(request).user
    counted = await use.bulletins.count(period_of(draft), now if frozen else None)
    year = now.astimezone(use.settings.zone).year
    signer = user.display_name if frozen and user is not None else ""
    with use_locale(draft.language):
        names = await names_of(request)
        content = await compose(use, names, counted, texts_of(draft), draft.deeds, Signing(year, serial, now, signer))
    return content, counted


async def _keep(request: Request[Any, Any, Any], draft_id: str, form: Form) -> None:
    texts = Texts(
        **{name: form.text(name, longest=LONGEST_BLOCK + 1) for name in ("title", "lead", "remarks", "outlook")}
    )
    serial, deeds = form.number("serial"), form.ids("deeds")
    form.check()
    await services(request).bulletins.drafts.edit(
        draft_id, form.version(), texts, deeds, serial, actor(request), origin(request)
    )


async def _show(
    request: Request[Any, Any, Any],
    draft: Bulletin,
    form: Form | None = None,
    error: InvalidInput | Conflict | None = None,
) -> Response[str]:
    """The draft; with ``form`` what was sent and could not be kept."""
    use, names = services(request), await names_of(request)
    content, counted = await _content(request, draft, serial=draft.serial)
    values = {**draft.texts.model_dump(), "serial": str(draft.serial or "")}
    chosen = [str(each) for each in draft.deeds]
    if form is not None:
        values |= {name: text for name, text in form.values.items() if name in values}
        chosen = form.texts("deeds")
    fields = error.fields if isinstance(error, InvalidInput) else {}
    context = DraftPage(
        id=str(draft.id),
        version=draft.version,
        first=date.fromisoformat(draft.start),
        last=date.fromisoformat(draft.end),
        values=values,
        deeds=await _offered(request, counted, draft.deeds, names),
        chosen=chosen,
        content=content,
        next_serial=await use.bulletins.next_serial(use.clock().astimezone(use.settings.zone).year),
        seen=spelt(await use.bulletins.seen(counted)),
        limits={"title": LONGEST_TITLE, "block": LONGEST_BLOCK},
        breadcrumb=[
            {"label": names.gettext(N_("Releases")), "href": "/bulletins"},
            {"label": names.gettext(N_("Draft of a bulletin"))},
        ],
        errors=fields,
        params=error.params if error else {},
        notice=names.pages.catalogue.explain(error) if error is not None and not fields else "",
    )
    status = 200 if error is None else 422 if isinstance(error, InvalidInput) else 409
    return await page(request, "bulletins/draft.html", context, status=status)


async def _offered(
    request: Request[Any, Any, Any], counted: Counted, chosen: Sequence[ObjectId], names: Names
) -> list[dict[str, str]]:
    """The good deeds of the period, and those that were chosen before."""
    ids = list(dict.fromkeys([*chosen, *(row.id for row in counted.rows[Key.GOOD_DEEDS][:MOST_OFFERED])]))
    return [{"value": str(deed.id), "label": names.deed_title(deed)} for deed in await deeds_of(services(request), ids)]


ROUTES = [begin, draft_page, draft_file, save, discard, release]
