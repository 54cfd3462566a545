"""Building Word templates from code: pages, paragraphs and tables as offices set them (GB/T 9704-2012), the same bytes each time.

Fonts are named as Chinese offices have them; a machine without them takes the nearest that it has (``altName`` says which).
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

if TYPE_CHECKING:
    from docx.document import Document as Doc
    from docx.table import Table, _Cell
    from docx.text.paragraph import Paragraph

SONG, FANG, HEI, LATIN, MONO = "SimSun", "FangSong", "SimHei", "Times New Roman", "Consolas"
HEADING = "方正小标宋简体"
ALTERNATIVES = {
    HEADING: "FZXiaoBiaoSong-B05S",
    SONG: "宋体",
    FANG: "仿宋",
    HEI: "黑体",
}
"""Every Chinese font by the other name that it goes by."""

_LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The time of every file in the package; zip knows none before it."""
_NEEDLESS = ("/thumbnail", "/customXml")

Align = WD_ALIGN_PARAGRAPH
LEFT, CENTRE, RIGHT, BOTH = Align.LEFT, Align.CENTER, Align.RIGHT, Align.JUSTIFY


def new_document(title: str, *, margins: tuple[float, float, float, float], size: float) -> Doc:
    """An empty A4 document; ``margins`` top, right, bottom, left in millimetres, ``size`` of its text in points."""
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.right_margin, section.bottom_margin, section.left_margin = map(Mm, margins)
    section.header_distance = section.footer_distance = Mm(8)
    normal = document.styles["Normal"]
    normal.font.size = Pt(size)
    _set_fonts(normal.element.get_or_add_rPr(), FANG, LATIN)
    for language in document.styles.element.iter(qn("w:lang")):
        language.set(
            qn("w:eastAsia"), "zh-CN"
        )  # else a machine without these fonts takes the glyphs of another country
    normal.paragraph_format.space_after = Pt(0)
    properties = document.core_properties
    properties.title, properties.author, properties.comments, properties.last_modified_by = title, "", "", ""
    return document


def style(
    document: Doc, name: str, *, font: str = FANG, latin: str = LATIN, size: float = 12, bold: bool = False
) -> None:
    """Add a paragraph style, or change one that is there."""
    known = name in [each.name for each in document.styles]
    added: Any = document.styles[name] if known else document.styles.add_style(name, 1)
    added.font.size, added.font.bold, added.font.italic = Pt(size), bold, False
    added.font.color.rgb = RGBColor(0, 0, 0)
    properties = added.element.get_or_add_rPr()
    _set_fonts(properties, font, latin)


def write(
    paragraph: Paragraph,
    text: str,
    *,
    size: float | None = None,
    bold: bool = False,
    font: str | None = None,
    align: Align | None = None,
) -> Paragraph:
    """Add ``text`` to a paragraph."""
    run = paragraph.add_run(text)
    if size is not None:
        run.font.size = Pt(size)
    run.font.bold = bold or None
    if font is not None:
        _set_fonts(run._element.get_or_add_rPr(), font, LATIN)
    if align is not None:
        paragraph.alignment = align
    return paragraph


def line(
    document: Doc, text: str = "", *, style_name: str | None = None, before: float = 0, after: float = 0, **look: Any
) -> Paragraph:
    """A paragraph of its own; ``before`` and ``after`` are the space around it, in points."""
    paragraph = document.add_paragraph(style=style_name)
    paragraph.paragraph_format.space_before, paragraph.paragraph_format.space_after = Pt(before), Pt(after)
    return write(paragraph, text, **look)


def tag(document: Doc, text: str) -> Paragraph:
    """A paragraph that holds a Jinja statement and vanishes when the template is filled: ``{%p if … %}``."""
    return document.add_paragraph(text)


def grid(document: Doc, widths: Sequence[float], *, borders: bool = True) -> Table:
    """A table without rows; ``widths`` of its columns in millimetres."""
    table: Table = document.add_table(rows=0, cols=len(widths))
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    _room_in_cells(table)
    if borders:
        table.style = "Table Grid"
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    return table


def row(
    table: Table, *texts: str, heads: Sequence[int] = (), size: float | None = None, least: float = 0
) -> list[_Cell]:
    """A row with ``texts``; the cells numbered in ``heads`` name what stands in the others. ``least`` high, in millimetres."""
    added: Any = table.add_row()  # type: ignore[no-untyped-call]  # python-docx leaves it so
    cells = list(added.cells)
    _keep_whole(added._tr)
    if least:
        added.height = Mm(least)
    for number, (cell, column) in enumerate(zip(cells, table.columns, strict=True)):
        cell.width = column.width
        _in_the_middle(cell)
        if number < len(texts) and texts[number]:
            head = number in heads
            write(
                cell.paragraphs[0], texts[number], size=size, font=HEI if head else None, align=CENTRE if head else None
            )
    return cells


def statement_row(table: Table, text: str) -> None:
    """A row that holds a Jinja statement and vanishes: ``{%tr for … %}``."""
    row(table, text)


def more(cell: _Cell, text: str, **look: Any) -> Paragraph:
    """Another paragraph in a cell."""
    return write(cell.add_paragraph(), text, **look)


def join(cells: Sequence[_Cell]) -> _Cell:
    """Several cells of a row as one; what was written in the first one stays."""
    whole: _Cell = cells[0].merge(cells[-1])
    return whole


def repeat_head(table: Table) -> None:
    """Have the first row stand on top of every page that the table runs over."""
    properties = table.rows[0]._tr.get_or_add_trPr()
    properties.append(OxmlElement("w:tblHeader"))


def exact(paragraph: Paragraph, points: float) -> Paragraph:
    """Lines exactly so far apart."""
    paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    paragraph.paragraph_format.line_spacing = Pt(points)
    return paragraph


def rule(paragraph: Paragraph, kind: str = "dashed", *, eighths: int = 6, colour: str = "000000") -> Paragraph:
    """A line below a paragraph: where to cut, or where the head ends; ``eighths`` of a point thick."""
    properties = paragraph._p.get_or_add_pPr()
    borders: Any = OxmlElement("w:pBdr")
    bottom = OxmlElement("w:bottom")
    for name, value in (("val", kind), ("sz", str(eighths)), ("space", "1"), ("color", colour)):
        bottom.set(qn(f"w:{name}"), value)
    borders.append(bottom)
    properties.insert_element_before(
        borders, *("w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:rPr")
    )
    return paragraph


def page_numbers(document: Doc) -> None:
    """— 1 — seven millimetres below the text, outside: odd ones right, even ones left (GB/T 9704-2012, 7.5)."""
    size, section = 14.0, document.sections[0]
    bottom = section.bottom_margin
    assert bottom is not None  # it was set when the document was made
    section.footer_distance = Mm(bottom.mm - 7) - Pt(size * 1.3)
    document.settings.odd_and_even_pages_header_footer = True
    for footer, side in ((section.footer, RIGHT), (section.even_page_footer, LEFT)):
        paragraph = page_number(footer.paragraphs[0], size=size, align=side)
        paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = Pt(size)


def page_number(paragraph: Paragraph, *, size: float = 10.5, align: Align = CENTRE) -> Paragraph:
    """— 1 —, in the middle if nothing else is said."""
    paragraph.alignment = align
    write(paragraph, "— ", size=size, font=SONG)
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        run = paragraph.add_run()
        run.font.size = Pt(size)
        if kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
        else:
            mark = OxmlElement("w:instrText")
            mark.text = text
        run._element.append(mark)
    return write(paragraph, " —", size=size, font=SONG)


def packed(document: Doc) -> bytes:
    """The document as a file: without what python-docx's own template carries along, and the same bytes each time."""
    package = document.part.package
    for relations in (package.rels, document.part.rels):
        for key in [key for key, relation in relations.items() if relation.reltype.endswith(_NEEDLESS)]:
            del relations[key]
    _name_fonts(package)
    raw = io.BytesIO()
    document.save(raw)
    out = io.BytesIO()
    with zipfile.ZipFile(raw) as given, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in given.namelist():
            member = zipfile.ZipInfo(name, _LONG_AGO)
            member.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(member, given.read(name))
    return out.getvalue()


def parts_of(document: bytes) -> dict[str, bytes]:
    """Every part of a package by its name: what two builds are compared by."""
    with zipfile.ZipFile(io.BytesIO(document)) as package:
        return {name: package.read(name) for name in package.namelist()}


def _set_fonts(properties: Any, chinese: str, latin: str) -> None:
    fonts = properties.find(qn("w:rFonts"))
    if fonts is None:
        fonts = OxmlElement("w:rFonts")
        properties.insert(0, fonts)
    for name in list(fonts.attrib):
        del fonts.attrib[name]
    for script, font in (("ascii", latin), ("hAnsi", latin), ("cs", latin), ("eastAsia", chinese)):
        fonts.set(qn(f"w:{script}"), font)


def _name_fonts(package: Any) -> None:
    """Say in the table of fonts by which other names each is known."""
    entries = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{other}"/><w:charset w:val="86"/><w:family w:val="auto"/></w:font>'
        for name, other in ALTERNATIVES.items()
    )
    for part in package.iter_parts():
        if str(part.partname) == "/word/fontTable.xml":
            text = part.blob.decode("utf-8")
            part._blob = re.sub(r"</w:fonts>\s*$", f"{entries}</w:fonts>", text).encode()


def _room_in_cells(table: Table) -> None:
    """A little space above and below what stands in a cell (in twentieths of a point)."""
    properties = table._tbl.tblPr
    margins = OxmlElement("w:tblCellMar")
    for side, width in (("top", "40"), ("left", "85"), ("bottom", "40"), ("right", "85")):
        edge = OxmlElement(f"w:{side}")
        edge.set(qn("w:w"), width)
        edge.set(qn("w:type"), "dxa")
        margins.append(edge)
    look: Any = properties.find(qn("w:tblLook"))
    look.addprevious(margins) if look is not None else properties.append(margins)


def _keep_whole(row_element: Any) -> None:
    row_element.get_or_add_trPr().append(OxmlElement("w:cantSplit"))


def _in_the_middle(cell: _Cell) -> None:
    from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT

    cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
