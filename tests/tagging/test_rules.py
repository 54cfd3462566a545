"""The rules as tables: what may stand in them, how they are changed, and which texts a change can touch."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_tracker.errors import InvalidInput
from media_tracker.tagging.cues import read_cues
from media_tracker.tagging.rules import (
    CUE_TABLES,
    Change,
    Known,
    Row,
    Rules,
    Table,
    Thresholds,
    changed,
    check_row,
    read_rows,
    shipped,
    with_thresholds,
    words_between,
    written,
)

KNOWN = Known(
    categories={row[1] for row in shipped().tables[Table.CATEGORY]}, regions={"370303"}, units={"环境卫生管理中心"}
)


def _changed(table: Table, *, out: tuple[Row, ...] = (), into: tuple[Row, ...] = ()) -> Rules:
    return changed(shipped(), Change(table, out, into), KNOWN)


def test_the_shipped_rules_are_the_shipped_cues() -> None:
    assert shipped().cues.version == read_cues().version
    assert shipped().number == 0


@pytest.mark.parametrize("table", CUE_TABLES)
def test_every_shipped_row_may_stand_in_its_table_and_none_stands_there_twice(table: Table) -> None:
    rows = shipped().tables[table]
    for row in rows:
        check_row(table, row, KNOWN)
    assert len(set(rows)) == len(rows)


@pytest.mark.parametrize(
    ("table", "row"),
    [
        (Table.KIND, ("", "exposure", "1", "")),
        (Table.KIND, ("没人管", "scandal", "1", "")),
        (Table.KIND, ("没人管", "exposure", "nan", "")),
        (Table.KIND, ("没人管", "exposure", "0", "")),
        (Table.KIND, ("没人管", "exposure", "1", "footer")),
        (Table.KIND, ("{no such pattern}", "exposure", "1", "")),
        (Table.KIND, ("没人管", "exposure", "1")),
        (Table.KIND, ("ＡＢＣ", "exposure", "1", "")),
        (Table.CATEGORY, ("坑洼", "999", "1")),
        (Table.PLACES, ("某小区", "999")),
        (Table.PLACES, ("某", "370303")),
        (Table.UNITS, ("环卫", "没有的单位")),
        (Table.OUTCOME, ("长" * 61, "resolved", "1")),
    ],
)
def test_what_makes_no_sense_cannot_stand_in_a_table(table: Table, row: Row) -> None:
    with pytest.raises(InvalidInput) as raised:
        check_row(table, row, KNOWN)
    assert "cannot stand" in raised.value.message


def test_a_row_that_is_put_in_takes_the_place_of_the_one_with_its_key() -> None:
    old = shipped().tables[Table.KIND][0]
    new = (*old[:2], "9", old[3])
    after = _changed(Table.KIND, into=(new,)).tables[Table.KIND]
    assert len(after) == len(shipped().tables[Table.KIND])
    assert new in after
    assert old not in after


def test_a_row_can_be_taken_out_once() -> None:
    row = shipped().tables[Table.OUTCOME][0]
    after = _changed(Table.OUTCOME, out=(row,))
    assert row not in after.tables[Table.OUTCOME]
    with pytest.raises(InvalidInput, match="not in the table"):
        changed(after, Change(Table.OUTCOME, (row,)), KNOWN)


def test_a_change_that_changes_nothing_is_refused() -> None:
    with pytest.raises(InvalidInput, match="changes nothing"):
        _changed(Table.KIND)
    with pytest.raises(InvalidInput, match="changes nothing"):
        _changed(Table.KIND, into=(shipped().tables[Table.KIND][3],))


def test_names_become_places_and_aliases() -> None:
    after = _changed(Table.PLACES, into=(("柳荫里小区", "370303"),))
    assert after.places == {"柳荫里小区": "370303"}
    after = _changed(Table.UNITS, into=(("环卫中心", "环境卫生管理中心"),))
    assert after.unit_aliases == {"环卫中心": "环境卫生管理中心"}


def test_only_texts_with_the_changed_words_can_be_seen_otherwise_unless_a_pattern_changes() -> None:
    after = _changed(Table.KIND, into=(("没人管了", "exposure", "2", ""),))
    assert words_between(shipped(), after) == {"没人管了"}
    pattern = next(row for row in shipped().tables[Table.KIND] if row[0].startswith("{"))
    assert words_between(shipped(), _changed(Table.KIND, out=(pattern,))) is None


@pytest.mark.parametrize(
    "bad", [Thresholds(0.7, 0.5), Thresholds(-0.1, 0.5), Thresholds(0.2, 1.5), shipped().thresholds]
)
def test_thresholds_are_in_order_and_change_something(bad: Thresholds) -> None:
    with pytest.raises(InvalidInput):
        with_thresholds(shipped(), bad)


@given(st.lists(st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zs")), max_size=8), min_size=4, max_size=4))
def test_a_row_is_read_as_it_was_written(cells: list[str]) -> None:
    row = tuple(cell.strip().replace("，", "") for cell in cells)
    expected = (row,) if any(row) else ()
    assert read_rows(Table.KIND, written(row)) == expected


def test_lines_with_chinese_commas_and_without_their_last_cells_are_read() -> None:
    assert read_rows(Table.KIND, "没人管，exposure，2\n\n  \n谁来管,exposure,2,title\n") == (
        ("没人管", "exposure", "2", ""),
        ("谁来管", "exposure", "2", "title"),
    )


def test_lines_may_end_as_any_machine_ends_them() -> None:
    expected = (("没人管", "exposure", "1", ""), ("已修好", "follow_up", "", ""))
    for end in ("\n", "\r\n", "\r"):
        assert read_rows(Table.KIND, f"没人管，exposure,1{end}已修好,follow_up{end}") == expected
