"""The two languages: what is chosen, what is said, how numbers and times are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader, Environment

from media_tracker.errors import InvalidInput
from media_tracker.web.i18n import (
    LOCALES,
    Catalogue,
    Formats,
    current_locale,
    install,
    lang_tag,
    pick_locale,
    set_locale,
    use_locale,
)
from tests.web.extraction import Sentence, entries, extract_messages, read_catalogue, translations

SHANGHAI = ZoneInfo("Asia/Shanghai")
MORNING = datetime(2022, 3, 24, 0, 30, tzinfo=UTC)
PLACE = re.compile(r"%\((\w+)\)[sd]|(?<!\{)\{(\w+)\}")

PO = """
msgid ""
msgstr ""
"Language: zh_CN\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

msgid "Stories"
msgstr "稿件"

msgid "There is no problem numbered {number}."
msgstr "没有编号为 {number} 的问题。"

msgid "%(n)s story"
msgid_plural "%(n)s stories"
msgstr[0] "%(n)s篇稿件"

msgid "Signed in as %(name)s"
msgstr "当前用户：%(name)s"

msgctxt "severity"
msgid "Key"
msgstr "重点"

msgid "yesterday"
msgstr "昨天"
"""


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    path = tmp_path / "zh_CN" / "LC_MESSAGES" / "messages.po"
    path.parent.mkdir(parents=True)
    path.write_text(PO, encoding="utf-8")
    return Catalogue.load(tmp_path)


@pytest.fixture(autouse=True)
def _locale() -> Iterator[None]:
    with use_locale("zh_CN"):
        yield


@pytest.fixture
def formats() -> Formats:
    return Formats(Catalogue.load(), SHANGHAI)


def test_every_sentence_in_code_and_templates_has_a_chinese_one() -> None:
    held = dict(entries(read_catalogue()))
    missing = {
        sentence: places[0]
        for sentence, places in extract_messages().items()
        if sentence not in held or not all(translations(held[sentence]))
    }
    assert not missing, "run python -m tests.web.extraction"


def test_the_catalogue_keeps_nothing_that_is_no_longer_said() -> None:
    unused = {sentence for sentence, _ in entries(read_catalogue())} - set(extract_messages())
    assert not unused


def test_a_translation_has_the_places_of_its_sentence() -> None:
    for sentence, message in entries(read_catalogue()):
        wanted = {name for pair in PLACE.findall(sentence.plural or sentence.text) for name in pair if name}
        for form in translations(message):
            assert {name for pair in PLACE.findall(form) for name in pair if name} == wanted, sentence


def test_no_translation_is_marked_fuzzy() -> None:
    assert not [sentence for sentence, message in entries(read_catalogue()) if message.fuzzy]


def test_extraction_sees_templates_and_modules_plurals_and_contexts(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "media_tracker").mkdir()
    (tmp_path / "templates" / "a.html").write_text(
        '{{ _("One") }}{{ pgettext("severity", "Key") }}'
        "{% trans n=3 %}\n  {{ n }} story\n{% pluralize %}\n  {{ n }} stories\n{% endtrans %}",
        encoding="utf-8",
    )
    (tmp_path / "media_tracker" / "a.py").write_text('X = N_("Two")\nY = gettext("One")\n', encoding="utf-8")
    assert extract_messages(tmp_path) == {
        Sentence("One"): ["templates/a.html:1", "media_tracker/a.py:2"],
        Sentence("Key", context="severity"): ["templates/a.html:1"],
        Sentence("%(n)s story", plural="%(n)s stories"): ["templates/a.html:1"],
        Sentence("Two"): ["media_tracker/a.py:1"],
    }


@pytest.mark.parametrize(
    ("cookie", "account", "browser", "expected"),
    [
        (None, None, None, "zh_CN"),
        ("en", "zh_CN", "zh-CN", "en"),
        ("tlh", "en", "zh-CN", "en"),
        (None, None, "en-GB,en;q=0.9,zh;q=0.8", "en"),
        (None, None, "zh-TW,en;q=0.9", "zh_CN"),
        (None, None, "de, en;q=0.5, zh;q=0.7", "zh_CN"),
        (None, None, "en;q=0, zh;q=0.1", "zh_CN"),
        (None, None, "en;q=nonsense", "zh_CN"),
        (None, None, "de,fr", "zh_CN"),
        ("", "", "*", "zh_CN"),
    ],
)
def test_the_visitors_choice_goes_before_the_accounts_and_the_browsers(
    cookie: str | None, account: str | None, browser: str | None, expected: str
) -> None:
    assert pick_locale(cookie, account, browser) == expected


@given(st.none() | st.text(), st.none() | st.text(), st.none() | st.text())
def test_whatever_a_browser_sends_one_of_the_two_languages_is_picked(
    cookie: str | None, account: str | None, browser: str | None
) -> None:
    assert pick_locale(cookie, account, browser) in LOCALES


def test_a_sentence_is_translated_and_its_places_are_filled(catalogue: Catalogue) -> None:
    sentence = "There is no problem numbered {number}."
    assert catalogue.translate(sentence, number="2022-00215") == "没有编号为 2022-00215 的问题。"
    assert catalogue.translate(sentence, "en", number=1) == "There is no problem numbered 1."
    assert catalogue.translate("Never translated") == "Never translated"
    assert catalogue.translate("") == ""
    with pytest.raises(KeyError):
        catalogue.translate(sentence, nummer=1)


def test_an_error_is_explained_in_the_readers_language(catalogue: Catalogue) -> None:
    error = InvalidInput("There is no problem numbered {number}.", number="7")
    assert catalogue.explain(error) == "没有编号为 7 的问题。"
    assert catalogue.explain(error, "en") == str(error)


def test_the_locale_ends_with_its_block_and_an_unknown_one_is_refused() -> None:
    with use_locale("en"):
        assert (current_locale(), lang_tag()) == ("en", "en")
    assert (current_locale(), lang_tag()) == ("zh_CN", "zh-CN")
    with pytest.raises(ValueError, match="no such locale"):
        set_locale("tlh")


def test_one_environment_speaks_both_languages_even_in_imported_macros(catalogue: Catalogue) -> None:
    page = (
        '{% import "m.html" as m %}{{ m.head() }}|{{ _("Signed in as %(name)s", name="<b>") }}|{{ pgettext("severity", "Key") }}'
        "|{% trans n=2 %}{{ n }} story{% pluralize %}{{ n }} stories{% endtrans %}|{{ t(sentence, number=3) }}"
    )
    macros = '{% macro head() %}{{ _("Stories") }}{% endmacro %}'
    env = Environment(loader=DictLoader({"p.html": page, "m.html": macros}), autoescape=True)
    install(env, catalogue, SHANGHAI)
    sentence = "There is no problem numbered {number}."
    chinese = "稿件|当前用户：&lt;b&gt;|重点|2篇稿件|没有编号为 3 的问题。"
    english = "Stories|Signed in as &lt;b&gt;|Key|2 stories|There is no problem numbered 3."
    for locale, expected in (("zh_CN", chinese), ("en", english), ("zh_CN", chinese)):
        with use_locale(locale):
            assert env.get_template("p.html").render(sentence=sentence) == expected


def test_dates_are_written_as_readers_write_them_in_the_installations_zone(formats: Formats) -> None:
    late = datetime(2022, 3, 24, 16, 5, tzinfo=UTC)
    assert formats.datetime_text(MORNING) == "2022年3月24日 08:30"
    assert formats.date_text(late) == "2022年3月25日"
    assert formats.date_text(date(2022, 3, 24), "weekday") == "2022年3月24日 周四"
    assert (formats.month(MORNING), formats.date_text(MORNING, "day")) == ("2022年3月", "3月24日")
    assert formats.iso(MORNING) == "2022-03-24T08:30:00+08:00"
    assert (formats.field(MORNING), formats.field(date(2022, 3, 24))) == ("2022-03-24T08:30", "2022-03-24")
    with use_locale("en"):
        assert formats.datetime_text(MORNING) == "24 Mar 2022, 08:30"
        assert formats.date_text(date(2022, 3, 24), "weekday") == "Thu, 24 Mar 2022"
        assert formats.month(MORNING) == "Mar 2022"


@pytest.mark.parametrize(
    ("hours", "chinese", "english"),
    [
        (0, "今天", "today"),
        (-9, "昨天", "yesterday"),  # 23:30 of the day before, in Shanghai
        (15.4, "今天", "today"),
        (15.6, "明天", "tomorrow"),
        (72, "3天后", "in 3 days"),
        (-24 * 45, "45天前", "45 days ago"),
    ],
)
def test_relative_days_are_local_days(formats: Formats, hours: float, chinese: str, english: str) -> None:
    moment = MORNING + timedelta(hours=hours)
    assert formats.relative_days(moment, MORNING) == chinese
    with use_locale("en"):
        assert formats.relative_days(moment, MORNING) == english


@pytest.mark.parametrize(
    ("due", "chinese", "english", "days"),
    [
        (datetime(2022, 3, 24, 16, tzinfo=UTC), "3月24日 24:00", "24 Mar, end of day", "今天"),
        (datetime(2022, 3, 31, 16, tzinfo=UTC), "3月31日 24:00", "31 Mar, end of day", "7天后"),
        (datetime(2022, 3, 24, 16, 1, tzinfo=UTC), "3月25日 00:01", "25 Mar, 00:01", "明天"),
        (datetime(2022, 3, 24, 10, tzinfo=UTC), "3月24日 18:00", "24 Mar, 18:00", "今天"),
    ],
)
def test_a_deadline_at_midnight_is_the_end_of_the_day_before(
    formats: Formats, due: datetime, chinese: str, english: str, days: str
) -> None:
    assert formats.deadline_text(due, "day") == chinese
    assert formats.deadline_days(due, MORNING) == days
    with use_locale("en"):
        assert formats.deadline_text(due, "day") == english


def test_what_has_no_deadline_shows_a_dash(formats: Formats) -> None:
    assert (formats.deadline_text(None), formats.deadline_days(None, MORNING)) == ("—", "—")


def test_numbers_are_grouped_and_what_is_not_there_is_a_dash(formats: Formats) -> None:
    assert (formats.number(1234567), formats.number(3.456, 1)) == ("1,234,567", "3.5")
    assert (formats.percent(0.87272), formats.percent(1), formats.percent(0.5, 0)) == ("87.3%", "100%", "50%")
    assert formats.duration(3.5) == "3.5天"
    with use_locale("en"):
        assert (formats.duration(1), formats.duration(1.04), formats.duration(3.5)) == (
            "1 day",
            "1 day",
            "3.5 days",
        )
    empty = {formats.number(None), formats.percent(None), formats.date_text(None), formats.duration(None)}
    assert empty | {
        formats.clock(None),
        formats.datetime_text(None),
        formats.relative_days(None, MORNING),
    } == {"—"}
    assert (formats.iso(None), formats.field(None)) == ("", "")
