"""The settings of a feed as a form: its choices, its values, and back again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from media_tracker.errors import N_, InvalidInput
from media_tracker.ingest.list_page import PageRules, checked_rules
from media_tracker.outlets.documents import FeedSource, Platform, Selectors
from media_tracker.outlets.feed_setup import ENCODINGS, FeedSetup, check_setup
from media_tracker.outlets.service import URL_CHARS
from media_tracker.web.choices import Option, named, option
from media_tracker.web.forms import Form
from media_tracker.web.i18n import NOTHING, Catalogue
from media_tracker.web.outlets.view import PLATFORM_NAMES

SOURCE_NAMES: Mapping[FeedSource, str] = {
    FeedSource.FEED: N_("A feed (RSS, Atom, JSON Feed)"),
    FeedSource.PAGE: N_("A web page that lists stories, by CSS selectors"),
}
ENCODING_NAMES = {"utf-8": "UTF-8", "gb18030": "GB18030 (GBK, GB2312)", "big5": "Big5", "utf-16": "UTF-16"}
SELECTOR = "sel_"
"""Before the names of fields that hold selectors: a feed has a title, and the stories of a page have others."""

FIELD_NAMES: Mapping[str, str] = {
    "title": N_("Title"),
    "url": N_("Address"),
    "platform": N_("Platform"),
    "column": N_("Column"),
    "source": N_("What is read there"),
    "sel_item": N_("Stories"),
    "sel_link": N_("Link"),
    "sel_title": N_("Headline"),
    "sel_date": N_("Date"),
    "sel_summary": N_("Summary"),
    "encoding": N_("Encoding"),
    "full_text": N_("Fetch the whole text from each article's page"),
    "ignore_validators": N_("Do not believe the server when it says that nothing is new"),
}


def source_options(catalogue: Catalogue) -> list[Option]:
    return named(catalogue, SOURCE_NAMES)


def encoding_options() -> list[Option]:
    return [option(name, ENCODING_NAMES[name]) for name in ENCODINGS]


def setup_values(setup: FeedSetup) -> dict[str, str]:
    """``setup`` as values of the form's fields; a box that is not ticked is empty."""
    selectors = setup.selectors.model_dump() if setup.selectors else {}
    return {
        "title": setup.title,
        "url": setup.url,
        "platform": setup.platform.value,
        "column": setup.column,
        "source": setup.source.value,
        "encoding": setup.encoding or "",
        "full_text": "1" if setup.full_text else "",
        "ignore_validators": "1" if setup.ignore_validators else "",
        **{f"{SELECTOR}{name}": value for name, value in selectors.items()},
    }


def read_setup(form: Form) -> FeedSetup:
    """What the form asks for. ``InvalidInput`` with everything that is wrong."""
    url = form.text("url", required=N_("Please give the feed's address."), longest=URL_CHARS)
    platform = form.choice("platform", Platform, required=N_("Please choose from the list."))
    source = form.choice("source", FeedSource, required=N_("Please choose from the list."))
    title, column = form.text("title"), form.text("column")
    rules = read_rules(form) if source is FeedSource.PAGE else None
    form.check()
    assert platform is not None  # or check() would have raised
    assert source is not None
    setup = FeedSetup(
        url=url,
        title=title,
        platform=platform,
        column=column,
        source=source,
        selectors=selectors_of(rules),
        encoding=form.optional("encoding"),
        ignore_validators=form.flag("ignore_validators"),
        full_text=form.flag("full_text"),
    )
    check_setup(setup)
    return setup


def read_rules(form: Form) -> PageRules | None:
    """The selectors of a list page; None, with the mistakes beside their fields, where they cannot be used."""
    names = ("item", "link", "title", "date", "summary")
    written = {name: form.text(f"{SELECTOR}{name}") for name in names}
    try:
        return checked_rules(**written)
    except InvalidInput as error:
        form.errors.update({f"{SELECTOR}{name}": sentence for name, sentence in error.fields.items()})
        return None


def selectors_of(rules: PageRules | None) -> Selectors | None:
    """Rules as a feed keeps them."""
    return None if rules is None else Selectors(**asdict(rules))


def differences(catalogue: Catalogue, stands: Mapping[str, str], typed: Mapping[str, str]) -> list[Mapping[str, str]]:
    """What stands otherwise than was typed: label and value of those fields, in the reader's language."""
    return [
        {"label": catalogue.gettext(label), "value": _shown(catalogue, name, stands.get(name, ""))}
        for name, label in FIELD_NAMES.items()
        if stands.get(name, "").strip() != typed.get(name, "").strip()
    ]


def _shown(catalogue: Catalogue, name: str, value: str) -> str:
    match name:
        case "platform":
            return catalogue.gettext(PLATFORM_NAMES[Platform(value)])
        case "source":
            return catalogue.gettext(SOURCE_NAMES[FeedSource(value)])
        case "encoding":
            return ENCODING_NAMES.get(value, value) or catalogue.gettext(N_("Automatic"))
        case "full_text" | "ignore_validators":
            return catalogue.gettext(N_("yes") if value else N_("no"))
        case _:
            return value or NOTHING
