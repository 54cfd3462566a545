"""The macros keep their reference: optional keys may be missing, text is escaped, parts are wired for those who listen."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from media_tracker.locate import templates_dir
from media_tracker.web.i18n import LOCALES, Catalogue, install, use_locale

NOW = datetime(2022, 3, 24, 0, 30, tzinfo=UTC)
IMPORTS = "".join(f'{{% import "macros/{name}.html" as {name} %}}' for name in ("ui", "forms", "figures", "chrome"))
LEAST = """
{{ ui.page_header("T") }}{{ ui.breadcrumb([{"label": "x"}]) }}{{ ui.facts([{"label": "x", "value": 1}]) }}
{{ ui.timeline([{"at": now, "title": "x"}]) }}{{ ui.photo_pair(none, {"src": "s", "href": "h", "alt": "a"}) }}
{{ ui.evidence("abc", [{"start": 0, "end": 1, "type": "kind"}]) }}{{ ui.deadline(none, now, "ok") }}{{ ui.pager() }}
{% call(row) ui.data_table([{"label": "A"}], [1], "C") %}{{ ui.cell("A", row) }}{% endcall %}{{ ui.when(none) }}{{ ui.seal() }}
{{ figures.tiles([{"label": "x", "value": 1}]) }}{{ figures.share(0, 0, "x") }}
{{ figures.bar_chart([{"label": "x", "value": 0}], "c", "l", "v") }}{{ figures.bar_chart([], "c", "l", "v") }}
{{ figures.column_chart([{"label": "x", "values": [0]}], "c", ["s"]) }}{{ figures.column_chart([], "c", ["s"]) }}
{{ forms.select("s", "S", [{"value": 1, "label": "x"}, {"group": "g", "options": [{"value": 2, "label": "y"}]}], value=2) }}
{{ forms.radios("r", "R", [{"value": "a", "label": "x"}]) }}
{{ forms.checkboxes("c", "C", [{"value": 1, "label": "x"}], value=[1]) }}
{{ forms.combobox("b", "B", []) }}{{ forms.file("f", "F") }}{{ forms.error_summary({}) }}{{ chrome.flashes([]) }}
{{ chrome.account({"name": "n"}, "t", "/logout") }}{{ chrome.navigation([]) }}
"""


@cache
def _environment() -> Environment:
    loader = FileSystemLoader(templates_dir())
    env = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    install(env, Catalogue.load(), ZoneInfo("Asia/Shanghai"))
    env.globals["static"] = lambda path: f"/static/{path}"
    return env


def _render(source: str, locale: str = "en", **context: object) -> str:
    with use_locale(locale):
        return _environment().from_string(IMPORTS + source).render(now=NOW, **context)


@pytest.mark.parametrize("locale", LOCALES)
def test_optional_keys_may_be_missing(locale: str) -> None:
    shown = _render(LEAST, locale)
    assert shown.count("<svg") == shown.count("</svg>")
    assert '<option value="2" selected>y</option>' in shown
    assert re.search(r'name="c" value="1" checked', shown)


def test_a_story_is_escaped_inside_and_outside_its_evidence() -> None:
    spans = [{"start": 2, "end": 5, "type": "place", "why": '"x"'}, {"start": 4, "end": 6, "type": "kind"}]
    shown = _render("{{ ui.evidence(text, spans) }}", text="<b>&路<i>", spans=spans)
    assert '&lt;b<mark class="ev ev-place" title="&#34;x&#34;">&gt;&amp;路</mark>&lt;i&gt;</div>' in shown


def test_a_field_in_error_points_at_its_hint_and_its_error() -> None:
    shown = _render('{{ forms.text("title", "T", value="<x>", hint="h", error="e", required=true) }}')
    assert 'aria-describedby="f-title-hint f-title-error" aria-invalid="true"' in shown
    assert '<p class="field-hint" id="f-title-hint">h</p>' in shown
    assert 'id="f-title-error"' in shown
    assert 'value="&lt;x&gt;" required' in shown
    assert "aria-" not in _render('{{ forms.text("title", "T") }}')


def test_the_error_summary_leads_to_the_field() -> None:
    shown = _render('{{ forms.error_summary({"title": "Please say what.", "": "Too late."}) }}')
    assert '<a href="#f-title">Please say what.</a>' in shown
    assert "<li>Too late.</li>" in shown


def test_a_state_shows_as_many_strokes_as_steps_are_done() -> None:
    states = ("registered", "assigned", "in_progress", "claimed_fixed", "verified")
    for done, state in enumerate(states, start=1):
        drawn = re.findall(r'<path d="([^"]+)"', _render(f'{{{{ ui.state_badge("{state}") }}}}'))
        assert len(re.findall("M", drawn[0])) == done


def test_every_state_kind_and_outcome_has_a_name_in_chinese() -> None:
    states = (
        "registered assigned in_progress claimed_fixed verified closed returned deferred rework not_accepted duplicate"
    )
    codes = {"state": f"{states} nothing_found", "kind": "exposure follow_up good_deed notice other"}
    codes |= {"outcome": "resolved partly_resolved nothing_found deferred", "severity": "urgent key normal"}
    for macro, names in codes.items():
        labels = [_render(f'{{{{ ui.{macro}_label("{name}") }}}}', "zh_CN") for name in names.split()]
        assert all(re.fullmatch(r"[一-鿿（）·]+", label) for label in labels), labels
        assert len(set(labels)) == len(labels)


def test_a_figure_is_a_link_with_its_definition_and_says_when_it_does_not_add_up() -> None:
    figure = {"label": "曝光", "value": 1526, "href": "/list", "definition": "口径文字", "adds_up": False}
    shown = _render("{{ figures.tile(figure) }}", "zh_CN", figure=figure)
    assert '<a href="/list" aria-label="曝光 1,526" data-figure="1526">1,526</a>' in shown
    assert "不可加总" in shown
    assert "<p>口径文字</p>" in shown


def test_every_column_of_a_chart_is_a_link_and_stands_in_its_table() -> None:
    points = [{"label": "3", "name": "Mar", "values": [4, 2], "hrefs": ["/a", "/b"]}]
    shown = _render('{{ figures.column_chart(points, "C", ["Exposed", "Resolved"]) }}', points=points)
    link = re.search(r'<a href="/a" data-figure="4">(.*?)</a>', shown, re.S)
    assert link is not None
    assert "<title>Mar Exposed 4</title>" in link[1]
    assert "aria-label" not in link[0], "the name is what can be seen: the column's title, which ends with its number"
    assert '<td class="numeric"><a href="/b" data-figure="2">2</a></td>' in shown


def test_a_share_reads_like_chinese() -> None:
    assert "36 条中的 31 条" in _render('{{ figures.share(31, 36, "办结") }}', "zh_CN")


@pytest.mark.parametrize("light", ["ok", "over", "done"])
def test_a_deadline_is_never_shown_one_day_too_long(light: str) -> None:
    midnight = datetime(2022, 3, 27, 16, tzinfo=UTC)
    shown = _render(f'{{{{ ui.deadline(due, now, "{light}", due) }}}}', "zh_CN", due=midnight)
    assert shown.count("3月27日 24:00") == 2
    assert "28日" not in shown


def test_filters_and_pages_are_swapped_by_htmx_only_where_the_page_says_so() -> None:
    plain = _render('{% call ui.filters("/a") %}{% endcall %}{{ ui.pager("", "/b") }}')
    assert "hx-" not in plain
    swapped = _render('{% call ui.filters("/a", swaps=true) %}{% endcall %}{{ ui.pager("", "/b", swaps=true) }}')
    assert 'action="/a" role="search" hx-get="/a" hx-target="#content" hx-push-url="true"' in swapped
    assert 'href="/b" hx-get="/b"' in swapped
