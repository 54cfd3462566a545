"""Charts that Word itself draws and edits: a DrawingML chart with its workbook (ECMA-376, part 1, 21.2).

XlsxWriter writes the chart, into a workbook that is taken apart again; python-docx knows none. What stands in the document is the
chart and a workbook with its numbers alone: "edit data" opens that. Slow, and loads its libraries when it is first needed.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docxtpl import DocxTemplate

COLOURS = ("#9E2A22", "#8FBFB0")
"""Of the first and the second series: dark and light, so that they are told apart in grey."""
CHINESE, LATIN, SIZE = "SimSun", "Times New Roman", 9
_SHEET = "Sheet1"
_LONG_AGO = datetime(1980, 1, 1)  # noqa: DTZ001 - workbooks know no zones, and the same numbers give the same bytes
_CHART_TYPE = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml"
_BOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_C = "http://schemas.openxmlformats.org/drawingml/2006/chart"
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_WP = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"


@dataclass(frozen=True, slots=True)
class Chart:
    """Columns side by side for each category, or with ``sideways`` bars below each other."""

    told: str
    """What it shows, for who does not see it."""
    categories: Sequence[str]
    names: Sequence[str]
    """Of the series, two at the most."""
    values: Sequence[Sequence[int]]
    """For each series a value for each category."""
    wide: float = 156
    high: float = 58
    """In millimetres."""
    sideways: bool = False


class Drawing:
    """A chart in a document: what a template puts where the chart shall stand."""

    def __init__(self, chart: Chart, document: DocxTemplate) -> None:
        self._chart = chart
        self._relation = _added(chart, document)

    def __html__(self) -> str:
        """Out of the text in which the template names it, and into it again; it is markup, and escapes what people wrote."""
        from docx.shared import Mm
        from markupsafe import escape

        size = f'cx="{Mm(self._chart.wide)}" cy="{Mm(self._chart.high)}"'
        told = escape(self._chart.told)
        return (
            f'</w:t></w:r><w:r><w:drawing><wp:inline xmlns:wp="{_WP}" distT="0" distB="0" distL="0" distR="0">'
            f'<wp:extent {size}/><wp:docPr id="1" name="chart" descr="{told}"/><wp:cNvGraphicFramePr/>'
            f'<a:graphic xmlns:a="{_A}"><a:graphicData uri="{_C}">'
            f'<c:chart xmlns:c="{_C}" xmlns:r="{_R}" r:id="{self._relation}"/>'
            '</a:graphicData></a:graphic></wp:inline></w:drawing></w:r><w:r><w:t xml:space="preserve">'
        )

    __str__ = __html__


def _added(chart: Chart, document: DocxTemplate) -> str:
    """The chart and its workbook as parts of the document's package; by which name the document knows the chart."""
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.opc.packuri import PackURI
    from docx.opc.part import Part

    main: Any = document.docx.part
    package = main.package
    number = 1 + sum(str(part.partname).startswith("/word/charts/") for part in package.iter_parts())
    book_name = PackURI(f"/word/embeddings/Microsoft_Excel_Worksheet{number}.xlsx")
    book = Part(book_name, _BOOK_TYPE, _workbook(chart, drawn=False), package)
    part = Part(PackURI(f"/word/charts/chart{number}.xml"), _CHART_TYPE, b"", package)
    part._blob = chart_xml(chart, part.relate_to(book, RELATIONSHIP_TYPE.PACKAGE))
    relation: str = main.relate_to(part, RELATIONSHIP_TYPE.CHART)
    return relation


def chart_xml(chart: Chart, workbook: str) -> bytes:
    """The chart part; ``workbook``: the relation by which it knows its numbers."""
    from lxml import etree

    with zipfile.ZipFile(io.BytesIO(_workbook(chart, drawn=True))) as package:
        space = etree.fromstring(package.read("xl/charts/chart1.xml"))
    for name in ("printSettings", "roundedCorners"):
        for each in space.findall(f"{{{_C}}}{name}"):
            space.remove(each)
    corners = etree.Element(f"{{{_C}}}roundedCorners", val="0")
    after_language = [each for each in space if etree.QName(each).localname in ("date1904", "lang")]
    space.insert(len(after_language), corners)
    for labels in space.iter(f"{{{_C}}}dLbls"):
        _values_alone(labels)
    space.append(etree.fromstring(_TEXT))
    data = etree.SubElement(space, f"{{{_C}}}externalData", {f"{{{_R}}}id": workbook})
    etree.SubElement(data, f"{{{_C}}}autoUpdate", val="0")
    found: bytes = etree.tostring(space, xml_declaration=True, encoding="UTF-8", standalone=True)
    return found


def _values_alone(labels: Any) -> None:
    """Have the labels of a series say its values: what is not denied here, office programs write as well."""
    from lxml import etree

    told = [each for each in labels if etree.QName(each).localname.startswith("show")]
    for each in told:
        labels.remove(each)
    for name in ("LegendKey", "Val", "CatName", "SerName", "Percent", "BubbleSize"):
        etree.SubElement(labels, f"{{{_C}}}show{name}", val="1" if name == "Val" else "0")


_TEXT = (
    f'<c:txPr xmlns:c="{_C}" xmlns:a="{_A}"><a:bodyPr/><a:lstStyle/><a:p><a:pPr><a:defRPr sz="{SIZE * 100}">'
    f'<a:latin typeface="{LATIN}"/><a:ea typeface="{CHINESE}"/></a:defRPr></a:pPr>'
    '<a:endParaRPr lang="zh-CN"/></a:p></c:txPr>'
)


def _workbook(chart: Chart, *, drawn: bool) -> bytes:
    """The numbers as a workbook; ``drawn``: with the chart."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False})
    book.set_properties({"created": _LONG_AGO})
    sheet = book.add_worksheet(_SHEET)
    sheet.set_column(0, 0, 24)
    for row, text in enumerate(chart.categories, start=1):
        sheet.write_string(row, 0, text)
    for column, (name, values) in enumerate(zip(chart.names, chart.values, strict=True), start=1):
        sheet.write_string(0, column, name)
        for row, value in enumerate(values, start=1):
            sheet.write_number(row, column, value)
    if drawn:
        sheet.insert_chart(0, 4, _drawn(book, chart))
    book.close()
    return out.getvalue()


def _drawn(book: Any, chart: Chart) -> Any:
    """The chart as XlsxWriter draws it: quiet lines, values at the columns, a key below."""
    drawn = book.add_chart({"type": "bar" if chart.sideways else "column"})
    last = len(chart.categories)
    for column, colour in zip(range(1, len(chart.names) + 1), COLOURS, strict=False):
        drawn.add_series(
            {
                "name": [_SHEET, 0, column],
                "categories": [_SHEET, 1, 0, last, 0],
                "values": [_SHEET, 1, column, last, column],
                "fill": {"color": colour},
                "border": {"none": True},
                "gap": 60,
                "overlap": 0,
                "data_labels": {"value": True, "num_format": "#,##0"},
            }
        )
    line, grid = {"color": "#7F7F7F", "width": 0.75}, {"visible": True, "line": {"color": "#D9D9D9", "width": 0.5}}
    names = {"line": line, "major_tick_mark": "none", "reverse": chart.sideways}
    numbers = {
        "line": {"none": True},
        "major_gridlines": grid,
        "num_format": "#,##0",
        "min": 0,
        "major_tick_mark": "none",
    }
    if chart.sideways:  # XlsxWriter's axes keep their places when bars lie down: names are on the upright one
        drawn.set_x_axis({**numbers, "visible": False})
        drawn.set_y_axis(names)
    else:
        drawn.set_x_axis(names)
        drawn.set_y_axis(numbers)
    drawn.set_legend({"position": "bottom"})
    drawn.set_chartarea({"border": {"none": True}, "fill": {"none": True}})
    drawn.set_plotarea({"fill": {"none": True}})
    drawn.show_blanks_as("gap")
    return drawn
