"""The template of an order (交办单): one A4 page with what to do, who signs, and a receipt to cut off."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from media_tracker.errors import N_
from media_tracker.papers import building as b

if TYPE_CHECKING:
    from docx.document import Document as Doc
    from docx.table import _Cell

Say = Callable[[str], str]
"""A sentence of ours in the language of the template."""

WIDTHS = (28.0, 57.0, 28.0, 57.0)
"""Label, value, label, value; together what the margins leave of a page."""
SIZE = 12.0


def build_order(say: Say) -> bytes:
    """The template as a file."""
    document = b.new_document("{{ order.number }}", margins=(18, 20, 12, 20), size=SIZE)
    _head(document, say)
    b.tag(document, "{%p if order.several %}")
    _several(document, say)
    b.tag(document, "{%p else %}")
    _one(document, say)
    b.tag(document, "{%p endif %}")
    _signatures(document, say)
    _receipt(document, say)
    b.page_number(document.sections[0].footer.paragraphs[0])
    return b.packed(document)


def _head(document: Doc, say: Say) -> None:
    b.line(document, "{{ order.office }}", size=14, align=b.CENTRE, font=b.SONG, bold=True)
    b.line(document, say(N_("Order to put a problem right")), size=22, align=b.CENTRE, font=b.HEADING, after=2)
    b.line(document, "{{ order.number }}", size=12, align=b.CENTRE, after=4)


def _one(document: Doc, say: Say) -> None:
    table = b.grid(document, WIDTHS)
    pairs = (
        (N_("Problem no."), "{{ order.line.number }}", N_("Severity"), "{{ order.line.severity }}"),
        (N_("Unit in charge"), "{{ order.lead }}", N_("Working with it"), "{{ order.co_units }}"),
        (N_("Region"), "{{ order.line.region }}", N_("Category"), "{{ order.line.category }}"),
    )
    wide = (
        (N_("Problem"), "{{ order.line.title }}"),
        (N_("Place"), "{{ order.line.place }}"),
        (N_("Exposed by"), "{{ order.line.exposures|join('\\n') or '—' }}"),
        (N_("Basis"), "{{ order.line.basis }}"),
    )
    for label, value, other_label, other in pairs:
        b.row(table, say(label), value, say(other_label), other, heads=(0, 2), least=9.5)
    for label, value in wide:
        cells = b.row(table, say(label), value, heads=(0,), least=9.5)
        b.join(cells[1:])
    cells = b.row(table, say(N_("Deadline")), "", heads=(0,), least=9)
    b.write(b.join(cells[1:]).paragraphs[0], "{{ order.line.deadline }}", bold=True, size=13)
    _demands(b.join(b.row(table, say(N_("Demands")), "", heads=(0,))[1:]))
    b.statement_row(table, "{%tr if order.line.photos %}")
    cell = b.join(b.row(table, say(N_("Photos")), "", heads=(0,))[1:])
    b.write(
        cell.paragraphs[0],
        "{% for photo in order.line.photos %}{% if photo.picture %}{{ photo.picture }} {% endif %}{% endfor %}",
    )
    b.statement_row(table, "{%tr endif %}")


def _demands(cell: _Cell) -> None:
    b.write(
        cell.paragraphs[0],
        "{% for demand in order.demands %}{{ loop.index }}. {{ demand }}{% if not loop.last %}{{ '\\n' }}{% endif %}{% endfor %}",
    )


def _several(document: Doc, say: Say) -> None:
    table = b.grid(document, WIDTHS)
    b.row(
        table,
        say(N_("Unit in charge")),
        "{{ order.lead }}",
        say(N_("Working with it")),
        "{{ order.co_units }}",
        heads=(0, 2),
        least=9.5,
    )
    _demands(b.join(b.row(table, say(N_("Demands")), "", heads=(0,))[1:]))
    b.line(document, say(N_("Problems of this order: {{ order.lines|length }}")), font=b.HEI, before=4, after=2)
    problems = b.grid(document, (9, 24, 47, 34, 24, 32))
    heads = (N_("No."), N_("Problem no."), N_("Problem"), N_("Place"), N_("Category"), N_("Deadline"))
    b.row(problems, *(say(each) for each in heads), heads=range(len(heads)), size=10)
    b.repeat_head(problems)
    b.statement_row(problems, "{%tr for line in order.lines %}")
    fields = ("index", "number", "title", "place", "category", "deadline")
    b.row(problems, *(f"{{{{ line.{field} }}}}" for field in fields), size=10)
    b.statement_row(problems, "{%tr endfor %}")


def _signatures(document: Doc, say: Say) -> None:
    blank = say(N_("______ (year) ____ (month) ____ (day)"))
    b.line(document, "", before=2)
    table = b.grid(document, WIDTHS)
    b.row(table, say(N_("Issued by (signature)")), "", say(N_("Date of issue")), blank, heads=(0, 2), least=13)
    b.row(
        table,
        say(N_("Issuing office (seal)")),
        "{{ order.office }}",
        say(N_("Order made on")),
        "{{ order.issued_on }}",
        heads=(0, 2),
        least=11,
    )


def _receipt(document: Doc, say: Say) -> None:
    blank = say(N_("______ (year) ____ (month) ____ (day)"))
    b.rule(
        b.line(
            document,
            say(N_("✂ Cut here; the receipt goes back to the issuing office")),
            size=9,
            align=b.CENTRE,
            before=6,
        )
    )
    b.line(document, say(N_("Receipt")), size=15, align=b.CENTRE, font=b.HEADING, before=5)
    b.line(document, "{{ order.number }}", size=11, align=b.CENTRE, after=3)
    b.tag(document, "{%p if order.several %}")
    b.line(
        document,
        say(N_("We have received the order for {{ order.lines|length }} problems and will report by their deadlines.")),
        after=3,
    )
    b.tag(document, "{%p else %}")
    b.line(
        document,
        say(
            N_(
                "We have received the order for problem {{ order.line.number }} and will report by {{ order.line.deadline }}."
            )
        ),
        after=3,
    )
    b.tag(document, "{%p endif %}")
    table = b.grid(document, WIDTHS)
    b.row(table, say(N_("Receiving unit (seal)")), "", say(N_("Received by (signature)")), "", heads=(0, 2), least=13)
    b.row(table, say(N_("Telephone")), "", say(N_("Date of receipt")), blank, heads=(0, 2), least=12)
