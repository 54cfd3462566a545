"""A story that no feed brings, entered by an editor: from a pasted link, or typed, with screenshots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bson import ObjectId
from litestar import Request, Response, get, post
from litestar.params import FromQuery

from media_tracker.errors import N_, Conflict, InvalidInput, MediaTrackerError, TooLarge, Unavailable
from media_tracker.ingest.entries import MAX_TITLE_CHARS, MAX_URL_CHARS, ParsedEntry, absolute_link
from media_tracker.ingest.feed_dates import FeedDate
from media_tracker.ingest.handed import handed_entry, identifying_link, titled_guid, with_picture, written_link
from media_tracker.ingest.handing_in import MOST_SCREENSHOTS, SCREENSHOT, Status
from media_tracker.ingest.pasted import Draft
from media_tracker.outlets.documents import Platform
from media_tracker.web.choices import Option, named, outlet_options
from media_tracker.web.forms import PHOTO_BYTES, Form, read_form
from media_tracker.web.guards import editors
from media_tracker.web.naming import names_of
from media_tracker.web.outlets.view import PLATFORM_NAMES
from media_tracker.web.render import page, see_other
from media_tracker.web.visitor import actor, origin, services

LONGEST_STORY = 100_000
SCREENSHOTS_BYTES = 3 * PHOTO_BYTES
BODY_BYTES = SCREENSHOTS_BYTES + 2_000_000
"""Screenshots of the largest size, and the rest of the form."""
HERE_ALREADY = N_("This story is here already; nothing has been added to it.")
ONLY_SCREENSHOTS = N_("This story was here already; the screenshots are added to it.")


@dataclass(frozen=True, slots=True)
class EnterPage:
    """``templates/stories/enter.html``. ``notice`` is a sentence in the reader's language."""

    outlets: Sequence[Option]
    platforms: Sequence[Option]
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""
    tone: str = "info"


@dataclass(frozen=True, slots=True)
class _Place:
    """Whose story it is, and where it stands."""

    outlet_id: ObjectId | None
    platform: Platform | None
    link: str | None


@get("/stories/new", guards=[editors])
async def enter_page(request: Request[Any, Any, Any], outlet: FromQuery[str] = "") -> Response[Any]:
    """The form for a story that no feed brings."""
    return await _show(request, {"outlet": outlet[:24]})


@post("/stories/new", guards=[editors], request_max_body_size=BODY_BYTES)
async def enter(request: Request[Any, Any, Any]) -> Response[Any]:
    """Look at the page of a pasted link, or save the story. One that is here already is shown instead of a second one."""
    form = await read_form(request)
    place = await _place(request, form)
    only_link = bool(place.link) and not form.text("title", longest=LONGEST_STORY)
    if form.values.get("do") == "fetch" or only_link:
        return await _fetch(request, form, place)
    return await _save(request, form, place)


async def _place(request: Request[Any, Any, Any], form: Form) -> _Place:
    outlet_id = form.id("outlet", required=N_("Please choose from the list."))
    if outlet_id is not None and outlet_id not in (await names_of(request)).outlets:
        form.errors["outlet"] = N_("Please choose from the list.")
        outlet_id = None
    platform = form.choice("platform", Platform, required=N_("Please choose from the list."))
    written = form.text("url", longest=MAX_URL_CHARS)
    link = written_link(written) if written else None
    if written and link is None:
        form.errors["url"] = N_("This is no link that begins with http:// or https://.")
    return _Place(outlet_id, platform, link)


async def _fetch(request: Request[Any, Any, Any], form: Form, place: _Place) -> Response[Any]:
    """The form, filled with what the page says; what was typed already stays."""
    if place.link is None:
        form.errors.setdefault("url", N_("Please paste the link of the story."))
        return await _show(request, form.values, form.errors, status=422)
    known = await _known(request, place, place.link)
    if known is not None:
        return await see_other(request, f"/stories/{known}", HERE_ALREADY)
    try:
        draft = await services(request).pasted.preview(place.link)
    except Unavailable as error:
        notice = request.app.state.pages.catalogue.explain(error)
        typed = request.app.state.pages.catalogue.gettext(N_("The fields below can be filled in by hand."))
        return await _show(request, form.values, form.errors, notice=f"{notice} {typed}", tone="warn")
    known = await _known(request, place, draft.url)
    if known is not None:
        return await see_other(request, f"/stories/{known}", HERE_ALREADY)
    notice = request.app.state.pages.catalogue.gettext(N_("This is what the page says. Correct it, and save it."))
    typed_values = {name: value for name, value in form.values.items() if value.strip() and name != "url"}
    return await _show(request, _said(request, draft) | typed_values, form.errors, notice=notice, tone="ok")


async def _known(request: Request[Any, Any, Any], place: _Place, link: str) -> ObjectId | None:
    """The story that the outlet has under ``link`` already."""
    key = identifying_link(link)
    if place.outlet_id is None or not key:
        return None
    return (await services(request).handing_in.by_link(place.outlet_id, [key])).get(key)


def _said(request: Request[Any, Any, Any], draft: Draft) -> dict[str, str]:
    """A page's story as values of the form."""
    values = {
        "url": draft.url,
        "title": draft.title,
        "text": draft.text[:LONGEST_STORY],
        "author": draft.author,
        "image": draft.image or "",
    }
    if draft.published is not None:
        values["published_at"] = request.app.state.pages.formats.field(draft.published)
        values["by_day"] = "1" if draft.precision == "day" else ""
    return values


async def _save(request: Request[Any, Any, Any], form: Form, place: _Place) -> Response[Any]:
    room = services(request)
    entry = _entry(form, place, room.clock())
    screenshots = await _screenshots(form)
    saved: list[ObjectId] = []
    try:
        form.check()
        assert place.outlet_id is not None  # or check() would have raised
        assert place.platform is not None
        saved = await _keep(request, screenshots)
        try:
            taken = await room.handing_in.take_story(place.outlet_id, place.platform, entry, saved, origin(request))
        except MediaTrackerError:
            for file_id in saved:
                await room.files.delete(file_id)
            raise
    except InvalidInput as error:
        return await _show(request, form.values, error.fields, status=422)
    except Conflict as error:
        notice = request.app.state.pages.catalogue.explain(error)
        return await _show(request, form.values, notice=notice, tone="bad", status=409)
    message = N_("The story is saved. It waits at the desk.")
    if taken.status is Status.KNOWN:
        message = ONLY_SCREENSHOTS if saved else HERE_ALREADY
    return await see_other(request, f"/stories/{taken.story_id}", message)


def _entry(form: Form, place: _Place, now: datetime) -> ParsedEntry:
    """The story as the form has it; mistakes are kept in the form."""
    title = form.text("title", required=N_("Please give the story its title."), longest=MAX_TITLE_CHARS)
    published = form.moment("published_at")
    identified = bool(identifying_link(place.link))
    if published is None and not identified:
        form.errors.setdefault("published_at", N_("Without a link of its own a story needs the day it was published."))
    if published is not None and published > now:
        form.errors["published_at"] = N_("This lies in the future.")
    image = absolute_link(form.text("image", longest=MAX_URL_CHARS), "")
    guid = titled_guid(title, published, form.zone) if published and not identified else None
    return handed_entry(
        guid=guid,
        link=place.link,
        title=title,
        html=with_picture(form.text("text", longest=LONGEST_STORY), image),
        author=form.text("author"),
        column=form.text("column"),
        date=_date(published, by_day=form.flag("by_day")) if published else None,
        image=image,
    )


def _date(published: datetime, *, by_day: bool) -> FeedDate:
    """A local time as stories have it; of a day, its beginning."""
    if by_day:
        published = published.replace(hour=0, minute=0, second=0, microsecond=0)
    return FeedDate(published.astimezone(UTC), "day" if by_day else "minute")


async def _screenshots(form: Form) -> list[tuple[str, bytes]]:
    """Screenshots as they were sent; mistakes are kept in the form."""
    try:
        found = await form.photos("screenshot")
    except TooLarge as error:
        form.errors["screenshot"] = error.message
        return []
    if len(found) > MOST_SCREENSHOTS or sum(len(content) for _, content in found) > SCREENSHOTS_BYTES:
        form.errors["screenshot"] = N_("All screenshots of a story together may have at most 30 MB. Choose fewer.")
    return found


async def _keep(request: Request[Any, Any, Any], screenshots: Sequence[tuple[str, bytes]]) -> list[ObjectId]:
    """Save the screenshots, unattached. Of several none is kept if one is no picture; then ``InvalidInput`` says so."""
    files, saved = services(request).files, list[ObjectId]()
    for filename, content in screenshots:
        try:
            saved.append((await files.save_image(content, filename, actor(request).user_id, SCREENSHOT)).id)
        except (InvalidInput, TooLarge) as error:
            for file_id in saved:
                await files.delete(file_id)
            sentence = request.app.state.pages.catalogue.explain(error)
            raise InvalidInput(sentence, {"screenshot": sentence}) from error
    return saved


async def _show(
    request: Request[Any, Any, Any],
    values: Mapping[str, str],
    errors: Mapping[str, str] | None = None,
    *,
    notice: str = "",
    tone: str = "info",
    status: int = 200,
) -> Response[Any]:
    context = EnterPage(
        outlets=outlet_options(await names_of(request)),
        platforms=named(request.app.state.pages.catalogue, PLATFORM_NAMES),
        values=values,
        errors=errors or {},
        notice=notice,
        tone=tone,
    )
    return await page(request, "stories/enter.html", context, status=status)


ROUTES = [enter_page, enter]
