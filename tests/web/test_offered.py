"""Options that are written once, for many pages."""

from __future__ import annotations

from media_tracker.web.choices import offered, option


def test_the_option_that_is_chosen_is_marked_and_only_that_one() -> None:
    choices = offered(
        [option("a", "First"), {"group": "More", "options": [option("ab", "Second"), option("b", "Third")]}]
    )
    assert choices.with_chosen("") == choices.html
    assert choices.with_chosen(None) == choices.html
    assert choices.with_chosen("unknown") == choices.html
    assert choices.with_chosen("ab") == (
        '<option value="a">First</option><optgroup label="More">'
        '<option value="ab" selected>Second</option><option value="b">Third</option></optgroup>'
    )


def test_names_and_what_was_chosen_cannot_write_markup() -> None:
    choices = offered([option('x"y', "<b>Unit</b> & more"), {"group": '"><i>', "options": [option("<", "less")]}])
    assert "<b>" not in choices.html
    assert "<i>" not in choices.html
    assert '<option value="x&#34;y" selected>&lt;b&gt;Unit&lt;/b&gt; &amp; more</option>' in choices.with_chosen('x"y')
    assert choices.with_chosen('"><script>') == choices.html
