"""Two languages: Chinese first, English complete.

An English sentence is its own gettext id. ``locale/zh_CN/LC_MESSAGES/messages.po`` holds the Chinese ones and is read at start;
there are no compiled files. The locale of a request lives in a context variable (``use_locale``), so that templates, macros and
filters need not be handed it.

Two ways to fill places in a sentence, because two worlds meet here:

- in templates, ``_("%(n)s stories", n=3)`` and ``{% trans %}``, as Jinja's i18n extension does it (values are escaped);
- outside, ``N_("{n} stories")`` marks a sentence and ``Catalogue.translate(message, n=3)`` fills it. A template shows one that
  came from outside with ``t(message, n=3)``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Final, Protocol, cast
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from jinja2 import Environment

from media_tracker.errors import N_, MediaTrackerError

DEFAULT_LOCALE: Final = "zh_CN"
SOURCE_LOCALE: Final = "en"
LOCALES: Final[Mapping[str, str]] = {"zh_CN": "中文", "en": "English"}
"""Every locale with its own name for itself."""

LOCALE_DIR: Final = Path(__file__).with_name("locale")
NOTHING: Final = "—"
"""Shown where there is no value."""

_LANG_TAGS: Final[Mapping[str, str]] = {"zh_CN": "zh-CN", "en": "en"}
_PATTERNS: Final[Mapping[str, Mapping[str, str]]] = {
    "zh_CN": {
        "date": "y年M月d日",
        "day": "M月d日",
        "weekday": "y年M月d日 EEE",
        "month": "y年M月",
    },
    "en": {"date": "d MMM y", "day": "d MMM", "weekday": "EEE, d MMM y", "month": "MMM y"},
}
_NEVER_WEEKS: Final = 10.0**9
"""A threshold for Babel's ``format_timedelta`` that keeps it counting in days."""

_current: ContextVar[str] = ContextVar("media_tracker_locale", default=DEFAULT_LOCALE)


class _Translating(Protocol):
    """What the i18n extension adds to a Jinja environment."""

    def install_gettext_callables(
        self,
        gettext: Callable[[str], str],
        ngettext: Callable[[str, str, int], str],
        newstyle: bool,
        pgettext: Callable[[str, str], str],
        npgettext: Callable[[str, str, str, int], str],
    ) -> None: ...


def current_locale() -> str:
    """The locale of this task: ``zh_CN`` or ``en``."""
    return _current.get()


def set_locale(locale: str) -> None:
    """Make ``locale`` current for the rest of this task. Raises ``ValueError`` for one that is not in ``LOCALES``."""
    _current.set(_known(locale))


@contextmanager
def use_locale(locale: str) -> Iterator[None]:
    """Make ``locale`` current inside a ``with`` block. Raises ``ValueError`` for one that is not in ``LOCALES``."""
    token = _current.set(_known(locale))
    try:
        yield
    finally:
        _current.reset(token)


def lang_tag(locale: str | None = None) -> str:
    """The BCP 47 tag for ``<html lang>`` of ``locale``, or of the current one."""
    return _LANG_TAGS[locale or current_locale()]


def pick_locale(cookie: str | None, user_language: str | None, accept_language: str | None) -> str:
    """Which locale to answer in: the visitor's own choice, then the account's, then the browser's, then Chinese."""
    for choice in (cookie, user_language):
        if choice and choice in LOCALES:
            return choice
    for tag in _by_preference(accept_language or ""):
        primary = tag.split("-")[0].lower()
        for locale in LOCALES:
            if locale.split("_")[0] == primary:
                return locale
    return DEFAULT_LOCALE


class Catalogue:
    """All translations, read once. Makes no difference between "no such locale" and "nothing to translate"."""

    def __init__(self, translations: Mapping[str, NullTranslations]) -> None:
        self._translations = dict(translations)
        self._untranslated = NullTranslations()

    @classmethod
    def load(cls, directory: Path = LOCALE_DIR) -> Catalogue:
        """Read ``<locale>/LC_MESSAGES/messages.po`` under ``directory`` for every locale that has one."""
        found = {locale: directory / locale / "LC_MESSAGES" / "messages.po" for locale in LOCALES}
        return cls({locale: _read(path, locale) for locale, path in found.items() if path.is_file()})

    def gettext(self, message: str) -> str:
        """``message`` in the current locale. The empty one is no sentence: gettext would answer with the file's header."""
        return self._now().gettext(message) if message else ""

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """The form for ``n`` in the current locale. Chinese has one, English two."""
        return self._now().ngettext(singular, plural, n)

    def pgettext(self, context: str, message: str) -> str:
        """``message`` where one English word needs two Chinese ones; ``context`` tells them apart."""
        return self._now().pgettext(context, message)

    def npgettext(self, context: str, singular: str, plural: str, n: int) -> str:
        """``ngettext`` with a context."""
        return self._now().npgettext(context, singular, plural, n)

    def translate(self, message: str, locale: str | None = None, /, **params: object) -> str:
        """A sentence marked with ``N_`` in ``locale`` (or the current one), its ``{named}`` places filled.

        Raises ``KeyError`` when a place has no value.
        """
        translated = self._in(locale or current_locale()).gettext(message) if message else ""
        return translated.format_map(params) if params else translated

    def explain(self, error: MediaTrackerError, locale: str | None = None) -> str:
        """The sentence of an error, translated and filled."""
        return self.translate(error.message, locale, **error.params)

    def _now(self) -> NullTranslations:
        return self._in(current_locale())

    def _in(self, locale: str) -> NullTranslations:
        return self._translations.get(locale, self._untranslated)


class Formats:
    """Numbers and times as a reader of the current locale writes them. Moments are shown in ``zone``."""

    def __init__(self, catalogue: Catalogue, zone: ZoneInfo) -> None:
        self._catalogue = catalogue
        self._zone = zone

    def number(self, value: float | None, decimals: int = 0) -> str:
        """Grouped digits with at most ``decimals`` places."""
        if value is None:
            return NOTHING
        pattern = "#,##0." + "#" * decimals if decimals else "#,##0"
        return _number(value, pattern, current_locale())

    def percent(self, share: float | None, decimals: int = 1) -> str:
        """A share of one (0.873) as a percentage (87.3%)."""
        if share is None:
            return NOTHING
        pattern = "0." + "#" * decimals + "%" if decimals else "0%"
        return format_percent(share, format=pattern, locale=_babel(current_locale()))

    def date_text(self, moment: date | None, form: str = "date") -> str:
        """A local date. ``form``: ``date`` (2022年3月24日), ``day`` (3月24日), ``weekday`` or ``month`` (2022年3月)."""
        if moment is None:
            return NOTHING
        return _date(self._local_date(moment), form, current_locale())

    def month(self, moment: date | None) -> str:
        """A local month: 2022年3月, Mar 2022."""
        return self.date_text(moment, "month")

    def clock(self, moment: datetime | None) -> str:
        """The local time of day: 08:30."""
        return NOTHING if moment is None else f"{self._local(moment):%H:%M}"

    def datetime_text(self, moment: datetime | None, form: str = "date") -> str:
        """Local date and time: 2022年3月24日 08:30; 24 Mar 2022, 08:30. ``form`` is that of ``date_text``."""
        if moment is None:
            return NOTHING
        comma = " " if current_locale() == "zh_CN" else ", "
        return f"{self.date_text(moment, form)}{comma}{self.clock(moment)}"

    def deadline_text(self, moment: datetime | None, form: str = "date") -> str:
        """A deadline. One at local midnight is the end of the day before: 12月1日 24:00; 1 Dec, end of day."""
        if moment is None:
            return NOTHING
        day = self._last_day(moment)
        if day == self._local_date(moment):
            return self.datetime_text(moment, form)
        text = self.date_text(day, form)
        return self._catalogue.gettext(N_("%(day)s, end of day")) % {"day": text}

    def deadline_days(self, due: datetime | None, now: datetime) -> str:
        """``relative_days`` of the last day that a deadline leaves: one at tomorrow's midnight is today's."""
        return NOTHING if due is None else self.relative_days(self._last_day(due), now)

    def iso(self, moment: date | None) -> str:
        """For ``<time datetime>``: ISO 8601, a moment with its local offset."""
        if moment is None:
            return ""
        return (self._local(moment) if isinstance(moment, datetime) else moment).isoformat()

    def field(self, moment: date | None) -> str:
        """The value of a ``date`` or ``datetime-local`` field."""
        if isinstance(moment, datetime):
            return f"{self._local(moment):%Y-%m-%dT%H:%M}"
        return moment.isoformat() if moment else ""

    def relative_days(self, moment: date | None, now: datetime) -> str:
        """How many local days ``moment`` is from ``now``: today, yesterday, in 3 days, 3 days ago."""
        if moment is None:
            return NOTHING
        days = (self._local_date(moment) - self._local_date(now)).days
        named = {-1: N_("yesterday"), 0: N_("today"), 1: N_("tomorrow")}.get(days)
        if named:
            return self._catalogue.gettext(named)
        locale = _babel(current_locale())
        return format_timedelta(timedelta(days=days), "day", _NEVER_WEEKS, add_direction=True, locale=locale)

    def duration(self, days: float | None) -> str:
        """A length of time given in days, to one place: 3.5天, 3.5 days."""
        if days is None:
            return NOTHING
        shown = self.number(days, 1)
        form = self._catalogue.ngettext("%(days)s day", "%(days)s days", 1 if shown == "1" else 2)
        return form % {"days": shown}

    def filters(self) -> dict[str, Callable[..., str]]:
        """Every format by the name that templates use."""
        return {
            "number": self.number,
            "percent": self.percent,
            "date": self.date_text,
            "month": self.month,
            "clock": self.clock,
            "datetime": self.datetime_text,
            "deadline": self.deadline_text,
            "deadline_days": self.deadline_days,
            "iso": self.iso,
            "field": self.field,
            "relative_days": self.relative_days,
            "duration": self.duration,
        }

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(self._zone)

    def _last_day(self, due: datetime) -> date:
        """The local day on which a deadline ends; midnight belongs to the day before it."""
        local = self._local(due)
        return local.date() - timedelta(days=local.time() == time())

    def _local_date(self, moment: date) -> date:
        return self._local(moment).date() if isinstance(moment, datetime) else moment


def install(env: Environment, catalogue: Catalogue, zone: ZoneInfo) -> None:
    """Give ``env`` translation (``_``, ``ngettext``, ``{% trans %}``, ``t``) and the formats as filters.

    Never translate at the top level of a macro file: Jinja keeps an imported file's variables from one request to the next.
    """
    env.add_extension("jinja2.ext.i18n")
    env.policies["ext.i18n.trimmed"] = True
    cast(_Translating, env).install_gettext_callables(
        catalogue.gettext,
        catalogue.ngettext,
        newstyle=True,
        pgettext=catalogue.pgettext,
        npgettext=catalogue.npgettext,
    )
    env.filters.update(Formats(catalogue, zone).filters())
    env.globals.update(t=catalogue.translate, lang_tag=lang_tag, locales=LOCALES)


@lru_cache
def _babel(locale: str) -> Locale:
    """Babel's own, found once: it looks through a thousand names each time."""
    return Locale.parse(locale)


@lru_cache(maxsize=4_096)
def _date(day: date, form: str, locale: str) -> str:
    """Pages show few different days, many times."""
    return format_date(day, format=_PATTERNS[locale][form], locale=_babel(locale))


@lru_cache(maxsize=4_096)
def _number(value: float, pattern: str, locale: str) -> str:
    return format_decimal(value, format=pattern, locale=_babel(locale))


def _known(locale: str) -> str:
    if locale not in LOCALES:
        raise ValueError(f"no such locale: {locale!r}")
    return locale


def _read(path: Path, locale: str) -> GNUTranslations:
    """One ``.po`` as the standard library's translations, compiled in memory."""
    with path.open("rb") as source:
        catalog = read_po(source, locale=locale, abort_invalid=True)
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return GNUTranslations(compiled)


def _by_preference(header: str) -> Sequence[str]:
    """The tags of an Accept-Language header, best first; those with ``q=0`` or a broken ``q`` are left out."""
    weighted: list[tuple[float, str]] = []
    for item in header[:1000].split(","):
        tag, _, parameter = item.strip().partition(";")
        name, _, value = parameter.strip().partition("=")
        try:
            weight = float(value) if name.strip() == "q" else 1.0
        except ValueError:
            continue
        if tag and 0 < weight <= 1:
            weighted.append((weight, tag.strip()))
    return [tag for _, tag in sorted(weighted, key=lambda pair: -pair[0])]
