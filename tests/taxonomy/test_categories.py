"""The starting table of categories, and what is refused of an edited one."""

from pathlib import Path

import pytest

from media_tracker.errors import InvalidInput
from media_tracker.taxonomy.categories import COLUMNS, read_categories

HEADER = ",".join(COLUMNS) + "\n"


def _table(tmp_path: Path, rows: str) -> Path:
    path = tmp_path / "categories.csv"
    path.write_text(HEADER + rows, encoding="utf-8")
    return path


def test_shipped_table_has_five_top_classes_and_51_sub_classes_with_limits() -> None:
    categories = read_categories()
    tops = [category for category in categories if category.parent is None]
    subs = [category for category in categories if category.parent is not None]
    assert [category.code for category in tops] == ["1", "2", "3", "4", "5"]
    assert len(subs) == 51
    assert all(category.limit is None and category.limit_unit is None for category in tops)
    assert all(category.limit and category.limit_unit and category.usual_unit_zh for category in subs)
    assert all(category.code[0] == category.parent for category in subs)


def test_what_runs_in_hours_is_a_danger_and_nothing_else_is() -> None:
    by_hours = {category.code for category in read_categories() if category.limit_unit == "hour"}
    dangers = {category.code for category in read_categories() if category.danger}
    assert by_hours == dangers == {"102", "109", "115", "116", "203", "303"}


def test_parents_come_first_even_if_the_file_has_them_last(tmp_path: Path) -> None:
    path = _table(tmp_path, "901,9,甲,A,某局,2,workday,\n9,,乙,B,,,,\n")
    assert [category.code for category in read_categories(path)] == ["9", "901"]


def test_a_byte_order_mark_from_excel_does_no_harm(tmp_path: Path) -> None:
    path = _table(tmp_path, "9,,乙,B,,,,\n")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_categories(path)[0].code == "9"


@pytest.mark.parametrize(
    "rows",
    [
        "9,,乙,B,,,,\n9,,乙,B,,,,\n",
        "901,9,甲,A,某局,2,workday,\n",
        "9,,乙,B,,3,week,\n",
        "9,,乙,B,,0,hour,\n",
        "9,,乙,B,,three,hour,\n",
        "9,,乙,B,,,hour,\n",
        "9,,乙,B,,,,perhaps\n",
        "9,,,B,,,,\n",
        "9\n",
    ],
)
def test_a_table_that_cannot_be_meant_is_refused(tmp_path: Path, rows: str) -> None:
    with pytest.raises(InvalidInput):
        read_categories(_table(tmp_path, rows))


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "categories.csv"
    path.write_text("code,parent,name_zh\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="name_en"):
        read_categories(path)
