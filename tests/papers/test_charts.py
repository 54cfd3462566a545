"""Charts in a bulletin: Word's own, with a workbook of the numbers that stand in the table beside them."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from typing import Any

import pytest
from docx import Document
from lxml import etree
from openpyxl import load_workbook

from media_tracker.papers.bulletin_charts import MOST_BARS, with_charts
from media_tracker.papers.bulletin_content import BulletinContent, PlaceLine, TrendLine
from media_tracker.papers.chart_part import Chart
from media_tracker.papers.shipped import LANGUAGES, Paper, shipped
from media_tracker.papers.word import fill
from media_tracker.web.papers.samples import samples

FIELDS = BulletinContent.__dataclass_fields__
C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"


@pytest.fixture
def content() -> BulletinContent:
    """One with a trend and two districts."""
    trend = [TrendLine(f"第{n}周", (str(n), "1,200"), (1.0, 1.0), (n, 1200)) for n in range(1, 9)]
    places = [PlaceLine(name, ("1", "2", "3", "4", "5"), (1, 2, 3, 4, 5)) for name in ("=东区", "西区")]
    empty: Any = {name: [] if "Sequence" in str(field.type) else "" for name, field in FIELDS.items()}
    return replace(
        BulletinContent(**empty),
        title="通报",
        trend_heads=("曝光", "解决"),
        trend=trend,
        place_heads=("曝光", "问题", "解决", "待核验", "超期"),
        districts=places,
    )


def charts(content: BulletinContent) -> dict[str, Chart | str]:
    found: Any = with_charts(content)["charts"]
    return dict(found)


def package(content: BulletinContent, language: str = "zh_CN") -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(fill(shipped(Paper.BULLETIN, language), {"bulletin": with_charts(content)})))


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_chart_has_its_workbook_and_says_what_the_table_says(content: BulletinContent, language: str) -> None:
    with package(content, language) as made:
        names = made.namelist()
        parts = sorted(name for name in names if name.startswith("word/charts/chart"))
        assert len(parts) == 2, "the trend and the districts; there are no outlets"
        for part in parts:
            space = etree.fromstring(made.read(part))
            told = made.read(f"word/charts/_rels/{part.rpartition('/')[2]}.rels").decode()
            relation = space.find(f"{C}externalData").attrib
            assert next(iter(relation.values())) in told
            book = next(
                name for name in names if name.startswith("word/embeddings/") and name.rpartition("/")[2] in told
            )
            sheet = load_workbook(io.BytesIO(made.read(book))).active
            assert sheet is not None
            rows = [list(row) for row in sheet.iter_rows(values_only=True)]
            cached = [[point.findtext(f"{C}v") for point in values.iter(f"{C}pt")] for values in space.iter(f"{C}val")]
            assert cached == [[str(row[at]) for row in rows[1:]] for at in (1, 2)]
            assert [point.findtext(f"{C}v") for point in next(space.iter(f"{C}cat")).iter(f"{C}pt")] == [
                row[0] for row in rows[1:]
            ]
        document = made.read("word/document.xml").decode()
        assert document.count("drawingml/2006/chart") >= 2
        assert "第8周" in document, "the table stands beside it"


def test_a_name_that_looks_like_a_formula_is_text_in_the_workbook(content: BulletinContent) -> None:
    with package(content) as made:
        books = [name for name in made.namelist() if name.startswith("word/embeddings/")]
        cells = [
            cell for name in books for row in load_workbook(io.BytesIO(made.read(name))).active.iter_rows() for cell in row  # type: ignore[union-attr] - it has a sheet
        ]  # fmt: skip
    assert "=东区" in [cell.value for cell in cells]
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s", "n"}


def test_labels_say_values_and_nothing_else(content: BulletinContent) -> None:
    with package(content) as made:
        space = etree.fromstring(made.read("word/charts/chart1.xml"))
    for labels in space.iter(f"{C}dLbls"):
        shown = {etree.QName(each).localname: each.get("val") for each in labels if "show" in each.tag}
        assert shown.pop("showVal") == "1"
        assert set(shown.values()) == {"0"}


def test_what_cannot_be_read_as_a_chart_is_a_table_alone(content: BulletinContent) -> None:
    place = content.districts[0]
    assert charts(replace(content, districts=[place]))["districts"] == "", "one alone compares nothing"
    assert charts(replace(content, districts=[place] * (MOST_BARS + 1)))["districts"] == ""
    old = [replace(line, values=()) for line in content.trend]
    assert charts(replace(content, trend=old))["trend"] == "", "records of earlier releases have no numbers"
    many = charts(replace(content, districts=[place] * MOST_BARS))["districts"]
    assert isinstance(many, Chart)
    assert many.sideways
    assert many.high <= 225, "no higher than a page"


def test_a_bulletin_without_figures_has_no_charts_and_still_is_a_document(content: BulletinContent) -> None:
    made = fill(shipped(Paper.BULLETIN, "zh_CN"), {"bulletin": with_charts(replace(content, trend=[], districts=[]))})
    assert Document(io.BytesIO(made)).inline_shapes is not None
    with zipfile.ZipFile(io.BytesIO(made)) as package:
        assert not [name for name in package.namelist() if "chart" in name]


def test_an_offices_own_template_with_bars_still_works(content: BulletinContent) -> None:
    document = Document(io.BytesIO(shipped(Paper.BULLETIN, "zh_CN")))
    document.add_paragraph("{{ bulletin.trend[0].bars[0] }}")
    out = io.BytesIO()
    document.save(out)
    made = Document(io.BytesIO(fill(out.getvalue(), {"bulletin": with_charts(content)})))
    assert len(made.inline_shapes) == 3, "a bar and two charts"


def test_page_numbers_stand_outside_and_chinese_is_said_to_be_chinese() -> None:
    with zipfile.ZipFile(io.BytesIO(shipped(Paper.BULLETIN, "zh_CN"))) as made:
        assert "evenAndOddHeaders" in made.read("word/settings.xml").decode()
        assert 'eastAsia="zh-CN"' in made.read("word/styles.xml").decode()
        footers = [made.read(name).decode() for name in made.namelist() if "footer" in name and name.endswith(".xml")]
    assert sorted('w:jc w:val="right"' in each for each in footers) == [False, True]


def test_the_samples_that_templates_are_tried_with_have_charts() -> None:
    [(context, _), _] = samples(Paper.BULLETIN)
    bulletin: Any = context["bulletin"]
    assert isinstance(bulletin["charts"]["trend"], Chart)
