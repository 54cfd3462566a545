"""The template of a bulletin (通报): head, figures, trend, lists, and what people write, on A4 (GB/T 9704-2012)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from docx.shared import Pt, RGBColor

from media_tracker.errors import N_
from media_tracker.papers import building as b

if TYPE_CHECKING:
    from docx.document import Document as Doc
    from docx.table import _Cell
    from docx.text.paragraph import Paragraph

Say = Callable[[str], str]
"""A sentence of ours in the language of the template."""

SIZE, SMALL, TABLE = 16.0, 12.0, 10.5
"""Points: 三号 for text, 小四 for notes, 五号 in tables."""
INDENT = 2 * SIZE
RED = RGBColor(0xC0, 0x00, 0x00)
WIDTH = 156
"""Millimetres between the margins."""
CASES = (12.0, 29.0, 51.0, 28.0, 36.0)


def build_bulletin(say: Say) -> bytes:
    """The template as a file."""
    document = b.new_document("{{ bulletin.title }}", margins=(37, 26, 35, 28), size=SIZE)
    _head(document, say)
    _paragraphs(document, "lead")
    _figures(document, say)
    _trend(document, say)
    _places(document, say)
    _section(document, say(N_("4. Problems resolved via media")))
    _cases(document, say, "resolved", N_("Verified on"))
    _section(document, say(N_("5. Overdue and open, by unit")))
    _overdue(document, say)
    _section(document, say(N_("6. Problems that have come back")))
    _cases(document, say, "relapsed", N_("Came back on"))
    _section(document, say(N_("7. Good deeds")))
    _deeds(document, say)
    _section(document, say(N_("8. What comes next")))
    _paragraphs(document, "outlook", or_none=say)
    b.tag(document, "{%p if bulletin.remarks %}")
    _section(document, say(N_("9. Remarks")))
    _paragraphs(document, "remarks")
    b.tag(document, "{%p endif %}")
    _signature(document, say)
    _definitions(document, say)
    b.page_numbers(document)
    return b.packed(document)


def _head(document: Doc, say: Say) -> None:
    title = b.line(document, "{{ bulletin.title }}", size=26, align=b.CENTRE, font=b.HEADING, after=6)
    title.runs[0].font.color.rgb = RED
    b.line(document, "{{ bulletin.number }}", size=SIZE, align=b.CENTRE, after=8)
    table = b.grid(document, (WIDTH / 2, WIDTH / 2), borders=False)
    left, right = b.row(table, "{{ bulletin.office }}", "{{ bulletin.date }}", size=SIZE)
    left.paragraphs[0].alignment, right.paragraphs[0].alignment = b.LEFT, b.RIGHT
    rule = b.exact(b.rule(b.line(document, ""), "single", eighths=12, colour=str(RED)), 4)
    rule.paragraph_format.space_after = Pt(14)
    b.line(
        document,
        say(N_("Period: {{ bulletin.period }} (compared with {{ bulletin.before }})")),
        size=TABLE,
        align=b.CENTRE,
        after=8,
    )


def _figures(document: Doc, say: Say) -> None:
    _section(document, say(N_("1. The figures")))
    table = b.grid(document, (72, 28, 28, 28))
    heads = (N_("Figure"), N_("This period"), N_("Period before"), N_("Change"))
    b.row(table, *map(say, heads), heads=range(4), size=TABLE)
    b.repeat_head(table)
    b.statement_row(table, "{%tr for line in bulletin.figures %}")
    _numbers(b.row(table, "{{ line.name }}", *_of("line", "value", "before", "change"), size=TABLE)[1:])
    b.statement_row(table, "{%tr endfor %}")
    for name in ("rates", "times"):
        b.tag(document, f"{{%p for each in bulletin.{name} %}}")
        b.line(document, "{{ each.label }}：{{ each.text }}", size=SMALL, before=2)
        b.tag(document, "{%p endfor %}")


def _trend(document: Doc, say: Say) -> None:
    _section(document, say(N_("2. The trend")))
    _chart(document, "trend")
    table = b.grid(document, (72, 42, 42))
    heads = ("{{ bulletin.trend_heads[0] }}", "{{ bulletin.trend_heads[1] }}")
    _kept_together(b.row(table, say(N_("Period")), *heads, heads=range(3), size=TABLE))
    b.repeat_head(table)
    b.statement_row(table, "{%tr for line in bulletin.trend %}")
    cells = b.row(table, "{{ line.label }}", "{{ line.counts[0] }}", "{{ line.counts[1] }}", size=TABLE)
    _numbers(_kept_together(cells)[1:])
    b.statement_row(table, "{%tr endfor %}")
    b.line(document, "", size=6)


def _chart(document: Doc, name: str) -> None:
    """The chart of the table that follows, on the same page as its head."""
    b.tag(document, f"{{%p if bulletin.charts.{name} %}}")
    paragraph = b.line(document, f"{{{{ bulletin.charts.{name} }}}}", size=TABLE, align=b.CENTRE, after=4)
    paragraph.paragraph_format.keep_with_next = True
    b.tag(document, "{%p endif %}")


def _places(document: Doc, say: Say) -> None:
    _section(document, say(N_("3. Districts and outlets")))
    for name, head in (("districts", N_("District")), ("outlets", N_("Outlet"))):
        b.tag(document, f"{{%p if bulletin.{name} %}}")
        _chart(document, name)
        table = b.grid(document, (46, *(22.0,) * 5))
        heads = [f"{{{{ bulletin.place_heads[{place}] }}}}" for place in range(5)]
        _kept_together(b.row(table, say(head), *heads, heads=range(6), size=TABLE))
        b.repeat_head(table)
        b.statement_row(table, f"{{%tr for line in bulletin.{name} %}}")
        values = [f"{{{{ line.counts[{place}] }}}}" for place in range(5)]
        _numbers(_kept_together(b.row(table, "{{ line.name }}", *values, size=TABLE))[1:])
        b.statement_row(table, "{%tr endfor %}")
        b.line(document, "", size=6)
        b.tag(document, "{%p endif %}")
    b.tag(document, "{%p if not bulletin.districts and not bulletin.outlets %}")
    _indented(b.line(document, say(N_("None in this period."))))
    b.tag(document, "{%p endif %}")
    b.tag(document, "{%p if bulletin.adding %}")
    b.line(document, "{{ bulletin.adding }}", size=SMALL)
    b.tag(document, "{%p endif %}")


def _cases(document: Doc, say: Say, name: str, day: str) -> None:
    b.tag(document, f"{{%p if bulletin.{name} %}}")
    _how_many(document, name)
    table = b.grid(document, CASES)
    heads = (N_("No."), N_("Number"), N_("Problem and place"), N_("Unit in charge"), N_("Exposed by, on"))
    b.row(table, *(say(head) for head in heads[:4]), f"{say(heads[4])} / {say(day)}", heads=range(5), size=TABLE)
    b.repeat_head(table)
    b.statement_row(table, f"{{%tr for line in bulletin.{name} %}}")
    b.row(table, *_case_cells(), size=TABLE)
    b.statement_row(table, "{%tr endfor %}")
    _or_none(document, say)


def _overdue(document: Doc, say: Say) -> None:
    b.tag(document, "{%p if bulletin.overdue %}")
    _how_many(document, "overdue")
    table = b.grid(document, CASES)
    heads = (N_("No."), N_("Number"), N_("Problem and place"), N_("Unit in charge"))
    b.row(
        table, *(say(head) for head in heads), f"{say(N_('Exposed by, on'))} / {say(N_('Deadline'))}",
        heads=range(5), size=TABLE,
    )  # fmt: skip
    b.repeat_head(table)
    b.statement_row(table, "{%tr for group in bulletin.overdue %}")
    b.statement_row(table, "{%tr for line in group.lines %}")
    b.row(table, *_case_cells(), size=TABLE)
    b.statement_row(table, "{%tr endfor %}")
    b.statement_row(table, "{%tr endfor %}")
    _or_none(document, say)


def _case_cells() -> Sequence[str]:
    told = "{{ line.title }}{% if line.place %}{{ '\\n' }}{{ line.place }}{% endif %}"
    exposed = "{{ line.outlets }}{% if line.exposed %}，{{ line.exposed }}{% endif %}"
    day = "{% if line.day %}{{ '\\n' }}{{ line.day }}{% endif %}"
    return "{{ line.index }}", "{{ line.number }}", told, "{{ line.unit }}", exposed + day


def _how_many(document: Doc, name: str) -> None:
    """How many lines a list has and how many are printed, where those are not the same."""
    b.tag(document, f"{{%p if bulletin.{name}_more %}}")
    told = b.line(document, f"{{{{ bulletin.{name}_more }}}}", size=SMALL, after=4)
    told.paragraph_format.keep_with_next = True
    b.tag(document, "{%p endif %}")


def _or_none(document: Doc, say: Say) -> None:
    b.tag(document, "{%p else %}")
    _indented(b.line(document, say(N_("None in this period."))))
    b.tag(document, "{%p endif %}")


def _deeds(document: Doc, say: Say) -> None:
    b.tag(document, "{%p if bulletin.deeds %}")
    b.tag(document, "{%p for deed in bulletin.deeds %}")
    _indented(b.line(document, "{{ loop.index }}. {{ deed.title }}", bold=True))
    b.tag(document, "{%p if deed.told %}")
    _indented(b.line(document, "{{ deed.told }}"))
    b.tag(document, "{%p endif %}")
    b.line(document, "{{ deed.source }}", size=SMALL, align=b.RIGHT)
    b.tag(document, "{%p endfor %}")
    b.tag(document, "{%p else %}")
    _indented(b.line(document, say(N_("None in this bulletin."))))
    b.tag(document, "{%p endif %}")


def _signature(document: Doc, say: Say) -> None:
    """Office and day to the right with room for a seal, and who has signed; all of it on one page."""
    b.tag(document, "{%p if bulletin.signer %}")
    signer = b.line(document, say(N_("Signed by: {{ bulletin.signer }}")), before=16, align=b.RIGHT)
    b.tag(document, "{%p endif %}")
    office = b.line(document, "{{ bulletin.office }}", before=16, align=b.RIGHT)
    for paragraph in (signer, office):
        paragraph.paragraph_format.keep_with_next = True
    day = b.line(document, "{{ bulletin.date }}", align=b.RIGHT)
    for paragraph in (signer, office, day):
        paragraph.paragraph_format.right_indent = Pt(INDENT)


def _definitions(document: Doc, say: Say) -> None:
    b.rule(b.exact(b.line(document, "", before=10), 6), "single")
    title = b.line(document, say(N_("How it was counted")), font=b.HEI, size=SMALL, before=4)
    title.paragraph_format.keep_with_next = True
    b.line(document, "{{ bulletin.counted }}", size=TABLE)
    b.tag(document, "{%p for each in bulletin.definitions %}")
    said = b.line(document, "{{ each.label }}：", size=TABLE, font=b.HEI)
    b.write(said, "{{ each.text }}", size=TABLE, align=b.BOTH)
    b.tag(document, "{%p endfor %}")


def _section(document: Doc, text: str) -> None:
    heading = b.line(document, text, font=b.HEI, before=10, after=4)
    heading.paragraph_format.keep_with_next = True


def _paragraphs(document: Doc, name: str, or_none: Say | None = None) -> None:
    b.tag(document, f"{{%p for text in bulletin.{name} %}}")
    _indented(b.line(document, "{{ text }}"))
    if or_none is not None:
        b.tag(document, "{%p else %}")
        _indented(b.line(document, or_none(N_("Nothing is said about this."))))
    b.tag(document, "{%p endfor %}")


def _indented(paragraph: Paragraph) -> None:
    """Lines 28 points apart and of one length, the first one two characters further in."""
    paragraph.alignment = b.BOTH
    paragraph.paragraph_format.first_line_indent = Pt(INDENT)
    b.exact(paragraph, 28)


def _kept_together(cells: Sequence[_Cell]) -> Sequence[_Cell]:
    """A row on the same page as the one after it: a short table is not torn, a long one has to be."""
    for cell in cells:
        cell.paragraphs[0].paragraph_format.keep_with_next = True
    return cells


def _numbers(cells: Sequence[_Cell]) -> None:
    for cell in cells:
        cell.paragraphs[0].alignment = b.RIGHT


def _of(name: str, *fields: str) -> list[str]:
    return [f"{{{{ {name}.{field} }}}}" for field in fields]
