"""Defaults by column and routes to editors: when they hold, what they change, and what a suggestion rests on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.errors import InvalidInput
from media_tracker.places.regions import Region, RegionTree
from media_tracker.tagging.evidence import Evidence, StoryText, Suggestion
from media_tracker.tagging.office_rules import OfficeSuggester, conditions_of, matching_form, with_defaults
from media_tracker.tagging.rules import Change, Known, Row, Rules, Table, changed, check_row, shipped, undone

TREE = RegionTree(
    [
        Region("9901", "示例市", "city", None),
        Region("990101", "东城区", "district", "9901"),
        Region("990101001", "河畔街道", "subdistrict", "990101"),
    ]
)
EDITOR = "a" * 24
OTHER = "b" * 24
KNOWN = Known({"101", "102"}, {"9901", "990101", "990101001"}, (), {"示例晚报"}, {EDITOR, OTHER})
STORY = StoryText("河畔街道一处井盖破损", "居民希望尽快修好。", "示例晚报", "曝光台")
SAID = Suggestion("other", 0.5, None, 0.0, "990101001", 0.9, None, False, None, (), "test", people=("somebody",))


class _Machine:
    """Says the same of every text."""

    version = "test"

    def __init__(self, said: Suggestion = SAID) -> None:
        self._said = said

    def suggest(self, story: StoryText) -> Suggestion:
        return self._said


def _with(*rows: Row, table: Table = Table.DEFAULTS) -> Rules:
    return changed(shipped(), Change(table, into=rows), KNOWN)


def _suggest(
    *rows: Row, table: Table = Table.DEFAULTS, said: Suggestion = SAID, story: StoryText = STORY
) -> Suggestion:
    return OfficeSuggester(_Machine(said), _with(*rows, table=table), TREE).suggest(story)


@pytest.mark.parametrize(
    ("row", "holds"),
    [
        (("示例晚报", "", "", "", "exposure", "", "0.7"), True),
        (("", "曝光台", "", "", "exposure", "", "0.7"), True),
        (("", "", "井盖", "", "exposure", "", "0.7"), True),
        (("", "", "", "990101", "exposure", "", "0.7"), True),
        (("示例晚报", "曝光台", "井盖", "990101001", "exposure", "", "0.7"), True),
        (("", "好人榜", "", "", "exposure", "", "0.7"), False),
        (("示例晚报", "曝光台", "路灯", "", "exposure", "", "0.7"), False),
        (("", "", "井盖", "", "exposure", "", "0.4"), False),
    ],
)
def test_a_default_is_taken_where_all_its_conditions_hold_and_the_machine_is_less_sure(row: Row, holds: bool) -> None:
    found = _suggest(row)
    assert (found.kind, found.kind_score) == (("exposure", float(row[6])) if holds else ("other", 0.5))
    assert any(each.startswith("kind/default/") for each in found.rules) is holds


def test_the_row_with_more_conditions_is_taken_and_what_another_kind_had_goes() -> None:
    general, special = (
        ("", "曝光台", "", "", "notice", "", "0.9"),
        ("示例晚报", "曝光台", "", "", "exposure", "101", "0.6"),
    )
    found = _suggest(general, special)
    assert (found.kind, found.category, found.category_score, found.people) == ("exposure", "101", 0.6, ())
    assert [each for each in found.rules if "/default/" in each] == [
        "kind/default/示例晚报,曝光台",
        "category/default/示例晚报,曝光台",
    ]


def test_a_default_for_what_is_suggested_anyway_makes_it_surer_and_never_less_sure() -> None:
    sure = replace(SAID, kind="exposure", kind_score=0.95, category="102", category_score=0.8)
    found = _suggest(("", "曝光台", "", "", "exposure", "101", "0.7"), said=sure)
    assert (found.kind_score, found.category, found.category_score) == (0.95, "102", 0.8)


def test_what_spoke_for_another_kind_does_not_speak_for_that_of_a_default() -> None:
    found = _suggest(("", "曝光台", "", "", "notice", "", "0.9"), said=replace(SAID, kind="exposure"))
    assert [each for each in found.rules if each.startswith("kind/")] == ["kind/default/,曝光台"]


@given(
    st.floats(0.0, 1.0), st.sampled_from(["0.1", "0.5", "0.9", "1"]), st.sampled_from(["exposure", "notice", "other"])
)
def test_a_default_never_lowers_a_score(own: float, score: str, kind: str) -> None:
    row = ("", "曝光台", "", "", kind, "", score)
    said, _ = with_defaults(replace(SAID, kind_score=own), [(conditions_of(row), row)])
    assert said.kind_score >= own


def test_routes_send_a_story_to_everybody_whom_a_row_names_and_to_nobody_else() -> None:
    rows = (
        ("", "", "", "990101", "", EDITOR),
        ("", "曝光台", "", "", "exposure", OTHER),
        ("", "", "", "", "other", OTHER),
    )
    assert _suggest(*rows, table=Table.ROUTES).routed == (EDITOR, OTHER)
    assert _suggest(*rows, table=Table.ROUTES, said=replace(SAID, region=None, kind="notice")).routed == ()


@pytest.mark.parametrize(
    ("table", "row"),
    [
        (Table.DEFAULTS, ("", "", "", "", "exposure", "", "0.7")),
        (Table.DEFAULTS, ("没有的报", "", "", "", "exposure", "", "0.7")),
        (Table.DEFAULTS, ("", "曝光台", "", "", "", "", "0.7")),
        (Table.DEFAULTS, ("", "曝光台", "", "", "notice", "101", "0.7")),
        (Table.DEFAULTS, ("", "曝光台", "", "", "exposure", "", "0")),
        (Table.DEFAULTS, ("", "曝光台", "", "", "exposure", "", "1.1")),
        (Table.DEFAULTS, ("", "曝光台", "", "77", "exposure", "", "0.7")),
        (Table.ROUTES, ("", "", "", "", "", EDITOR)),
        (Table.ROUTES, ("", "曝光台", "", "", "", "c" * 24)),
        (Table.ROUTES, ("", "", "ＡＢＣ", "", "", EDITOR)),
    ],
)
def test_a_row_without_a_condition_or_an_effect_cannot_stand(table: Table, row: Row) -> None:
    with pytest.raises(InvalidInput, match="cannot stand"):
        check_row(table, row, KNOWN)


def test_what_spoke_is_named_by_the_words_of_the_tables_never_by_those_of_the_story() -> None:
    cue = next(
        row
        for row in shipped().tables[Table.KIND]
        if row[1] == "exposure" and not row[0].startswith("{") and not row[3]
    )
    story = StoryText(f"某处{cue[0]}了", "某人某事。", "", "")
    start = story.title.index(cue[0])
    evidence = (
        Evidence("title", max(0, start - 1), start + len(cue[0]) + 1, "kind:exposure"),
        Evidence("body", 0, 4, "kind:exposure"),
        Evidence("body", 0, 3, "feature:kind:exposure"),
        Evidence("title", 0, 2, "feature:kind:notice"),
        Evidence("title", 0, 2, "region:990101001"),
    )
    said = replace(SAID, kind="exposure", evidence=evidence)
    assert matching_form(story).whole.startswith("某处")
    found = OfficeSuggester(_Machine(said), shipped(), TREE).suggest(story).rules
    assert found == (f"kind/cue/{cue[0]}", "kind/pattern/", "kind/learned/", "region/name/")


def test_undoing_takes_back_one_edition_and_leaves_what_came_later() -> None:
    first = _with(("", "曝光台", "", "", "exposure", "", "0.7"))
    second = changed(first, Change(Table.ROUTES, into=(("", "曝光台", "", "", "", EDITOR),)), KNOWN)
    back = undone(second, shipped(), first)
    assert back.tables[Table.DEFAULTS] == ()
    assert back.tables[Table.ROUTES] == second.tables[Table.ROUTES]
    assert undone(back, first, second).tables == shipped().tables
    with pytest.raises(InvalidInput, match="changes nothing"):
        undone(back, shipped(), first)


def test_a_row_that_was_changed_again_is_not_undone_behind_anybodys_back() -> None:
    first = _with(("", "曝光台", "", "", "exposure", "", "0.7"))
    second = changed(first, Change(Table.DEFAULTS, into=(("", "曝光台", "", "", "exposure", "", "0.9"),)), KNOWN)
    with pytest.raises(InvalidInput, match="changed again since"):
        undone(second, shipped(), first)
    assert undone(second, first, second).tables == first.tables


@given(st.sets(st.sampled_from(["甲", "乙", "丙", "丁"])), st.sets(st.sampled_from(["甲", "乙", "丙", "丁"])))
def test_undoing_the_last_edition_is_the_edition_before(before: set[str], after: set[str]) -> None:
    def rules(words: set[str]) -> Rules:
        rows = tuple(("", "", word, "", "notice", "", "0.7") for word in sorted(words))
        return replace(shipped(), tables={**shipped().tables, Table.DEFAULTS: rows})

    if before == after:
        with pytest.raises(InvalidInput):
            undone(rules(after), rules(before), rules(after))
    else:
        assert set(undone(rules(after), rules(before), rules(after)).tables[Table.DEFAULTS]) == set(
            rules(before).tables[Table.DEFAULTS]
        )
