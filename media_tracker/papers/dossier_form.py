"""The template of a dossier (案卷): a cover, then each problem from its exposure to the last look-back, and its records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from media_tracker.errors import N_
from media_tracker.papers import building as b
from media_tracker.papers.order_form import Say

if TYPE_CHECKING:
    from docx.document import Document as Doc
    from docx.table import Table, _Cell

RECORD, DIGEST = "Event record", "Event digest"
"""Paragraph styles by which a program finds records and digests in a document."""

FACTS = (26.0, 59.0, 26.0, 59.0)
SMALL, TINY = 9.5, 7.5


def build_dossier(say: Say) -> bytes:
    """The template as a file."""
    document = b.new_document("{{ dossier.case.number }}", margins=(22, 20, 18, 20), size=11)
    b.style(document, "Heading 1", font=b.HEADING, size=18)
    b.style(document, "Heading 2", font=b.HEI, size=13)
    b.style(document, "Heading 3", font=b.HEI, size=11.5)
    b.style(document, RECORD, font=b.SONG, latin=b.MONO, size=TINY)
    b.style(document, DIGEST, font=b.SONG, latin=b.MONO, size=TINY, bold=True)
    _cover(document, say)
    b.tag(document, "{%p for case in dossier.cases %}")
    _case(document, say)
    b.tag(document, "{%p endfor %}")
    b.page_number(document.sections[0].footer.paragraphs[0])
    return b.packed(document)


def _cover(document: Doc, say: Say) -> None:
    b.line(document, "{{ dossier.office }}", size=16, align=b.CENTRE, font=b.SONG, bold=True, before=70)
    b.line(
        document,
        say(N_("Dossier of a problem and how it was put right")),
        size=24,
        align=b.CENTRE,
        font=b.HEADING,
        before=12,
        after=18,
    )
    b.tag(document, "{%p if dossier.several %}")
    b.line(
        document,
        say(N_("{{ dossier.count }} problems, {{ dossier.counted }} of them counted as resolved via media")),
        size=14,
        align=b.CENTRE,
        after=12,
    )
    table = b.grid(document, (9, 26, 68, 22, 45))
    heads = (N_("No."), N_("Problem no."), N_("Problem"), N_("State"), N_("Resolved via media?"))
    b.row(table, *(say(each) for each in heads), heads=range(len(heads)), size=SMALL)
    b.repeat_head(table)
    _loop(table, "each in dossier.cases", ("each.index", "each.number", "each.title", "each.state", "each.verdict"))
    b.tag(document, "{%p else %}")
    b.line(document, "{{ dossier.case.number }}", size=18, align=b.CENTRE, after=6)
    b.line(document, "{{ dossier.case.title }}", size=16, align=b.CENTRE, font=b.SONG, bold=True, after=18)
    cover = b.grid(document, (40, 130))
    for label, value in (
        (N_("Place"), "{{ dossier.case.place }}"),
        (N_("Unit in charge"), "{{ dossier.case.unit }}"),
        (N_("State"), "{{ dossier.case.state }}"),
        (N_("Resolved via media?"), "{{ dossier.case.verdict }}"),
        (N_("Last digest"), "{{ dossier.case.head }}"),
    ):
        b.row(cover, say(label), value, heads=(0,), least=10)
    b.tag(document, "{%p endif %}")
    b.line(
        document, say(N_("Made on {{ dossier.made_at }} by {{ dossier.made_by }}")), align=b.CENTRE, before=24, after=10
    )
    b.line(document, "{{ dossier.recipe }}", size=SMALL)


def _case(document: Doc, say: Say) -> None:
    heading = b.line(document, "{{ case.number }} {{ case.title }}", style_name="Heading 1", after=6)
    heading.paragraph_format.page_break_before = True
    _facts(document, say)
    _section(document, say(N_("1. Exposures and other reports")))
    _reports(document, say)
    _section(document, say(N_("2. Dispatch")))
    _dispatches(document, say)
    _section(document, say(N_("3. Work and checks")))
    _rounds(document, say)
    _section(document, say(N_("4. Look-backs")))
    _look_backs(document, say)
    _section(document, say(N_("5. Follow-up stories")))
    _follow_ups(document, say)
    _section(document, say(N_("6. All events")))
    _events(document, say)
    _section(document, say(N_("7. Photos and documents: digests")))
    _files(document, say)
    _section(document, say(N_("8. Records and the chain of digests")))
    b.tag(document, "{%p for event in case.events %}")
    b.line(document, "{{ event.record }}", style_name=RECORD)
    b.line(document, "{{ event.digest }}", style_name=DIGEST, after=3)
    b.tag(document, "{%p endfor %}")


def _facts(document: Doc, say: Say) -> None:
    table = b.grid(document, FACTS)
    for one, other in (
        ((N_("State"), "state"), (N_("Severity"), "severity")),
        ((N_("Category"), "category"), (N_("Region"), "region")),
        ((N_("Unit in charge"), "unit"), (N_("Working with it"), "co_units")),
        ((N_("Registered on"), "registered"), (N_("Deadline"), "deadline")),
        ((N_("Verified on"), "verified"), (N_("Closed on"), "closed")),
    ):
        b.row(
            table, say(one[0]), _of("case", one[1]), say(other[0]), _of("case", other[1]), heads=(0, 2), size=SMALL + 1
        )
    for label, field in ((N_("Place"), "place"), (N_("Resolved via media?"), "verdict"), (N_("Last digest"), "head")):
        b.join(b.row(table, say(label), _of("case", field), heads=(0,), size=SMALL + 1)[1:])
    b.statement_row(table, "{%tr if case.original_deadline %}")
    b.join(b.row(table, say(N_("Original deadline")), "{{ case.original_deadline }}", heads=(0,), size=SMALL + 1)[1:])
    b.statement_row(table, "{%tr endif %}")
    b.tag(document, "{%p for remark in case.remarks %}")
    b.line(document, "※ {{ remark }}", before=2)
    b.tag(document, "{%p endfor %}")


def _reports(document: Doc, say: Say) -> None:
    _when(document, "case.reports")
    table = b.grid(document, (24, 42, 64, 40))
    heads = (N_("Channel"), N_("Outlet and column"), N_("Title and address"), N_("Times"))
    b.row(table, *(say(each) for each in heads), heads=range(4), size=SMALL)
    b.repeat_head(table)
    b.statement_row(table, "{%tr for report in case.reports %}")
    cells = b.row(
        table,
        "{{ report.channel }}",
        "{{ report.source }}",
        "{{ report.title or '—' }}",
        say(N_("published {{ report.published }}")),
        size=SMALL,
    )
    _maybe(cells[0], "report.note")
    _maybe(cells[1], "report.column")
    _maybe(cells[2], "report.url", size=TINY)
    _maybe(cells[2], "report.text_sha256", size=TINY, label=say(N_("SHA-256 of the text:")) + " ")
    b.more(cells[3], say(N_("received {{ report.received }}")), size=SMALL)
    b.statement_row(table, "{%tr endfor %}")
    _photo_strip(document, "report.photos", around="report in case.reports")
    _otherwise(document, say(N_("No report is tied to it.")))


def _dispatches(document: Doc, say: Say) -> None:
    _when(document, "case.dispatches")
    table = b.grid(document, (32, 62, 42, 34))
    b.row(
        table, *(say(each) for each in (N_("Time"), N_("What"), N_("By"), N_("Order no."))), heads=range(4), size=SMALL
    )
    b.repeat_head(table)
    b.statement_row(table, "{%tr for each in case.dispatches %}")
    cells = b.row(table, "{{ each.at }}", "{{ each.what }}", "{{ each.by }}", "{{ each.order or '—' }}", size=SMALL)
    _maybe(cells[1], "each.text")
    b.statement_row(table, "{%tr endfor %}")
    _otherwise(document, say(N_("It was never given to a unit.")))


def _rounds(document: Doc, say: Say) -> None:
    _when(document, "case.rounds")
    b.tag(document, "{%p for round in case.rounds %}")
    b.line(document, say(N_("Round {{ round.number }}: {{ round.unit }}")), style_name="Heading 3", before=6, after=3)
    table = b.grid(document, (30, 140))
    _optional(table, say(N_("Plan")), "round.plan")
    b.statement_row(table, "{%tr for note in round.notes %}")
    b.row(table, say(N_("Note")), "{{ note }}", heads=(0,), size=SMALL + 1)
    b.statement_row(table, "{%tr endfor %}")
    b.statement_row(table, "{%tr if round.claim %}")
    cells = b.row(
        table,
        say(N_("Reported by the unit")),
        say(N_("{{ round.claim.outcome }}; fixed: {{ round.claim.fixed }}")),
        heads=(0,),
        size=SMALL + 1,
    )
    b.more(cells[1], say(N_("Reported on {{ round.claim.claimed }} by {{ round.claim.by }}")), size=SMALL)
    _maybe(cells[1], "round.claim.text", size=SMALL + 1)
    b.statement_row(table, "{%tr endif %}")
    _optional(table, say(N_("Documents")), "round.documents", value="{{ round.documents|join('\\n') }}")
    b.statement_row(table, "{%tr if round.check %}")
    cells = b.row(
        table, say(N_("Check")), "{{ round.check.result }} · {{ round.check.level }}", heads=(0,), size=SMALL + 1
    )
    b.more(cells[1], "{{ round.check.at }} · {{ round.check.by }}", size=SMALL)
    b.more(cells[1], "{{ round.check.independent }}", size=SMALL)
    b.more(cells[1], "{{ round.check.basis }}", size=SMALL)
    _maybe(cells[1], "round.check.text", size=SMALL + 1)
    b.statement_row(table, "{%tr endif %}")
    _pairs(document, say)
    b.tag(document, "{%p if round.check %}")
    _photo_strip(document, "round.check.photos")
    b.tag(document, "{%p endif %}")
    b.tag(document, "{%p endfor %}")
    _otherwise(document, say(N_("No work has begun.")))


def _pairs(document: Doc, say: Say) -> None:
    """Photos from before and after, side by side."""
    _when(document, "round.pairs")
    b.line(document, "", size=4)
    table = b.grid(document, (85, 85))
    b.row(table, say(N_("Before")), say(N_("After")), heads=(0, 1), size=SMALL)
    b.repeat_head(table)
    b.statement_row(table, "{%tr for pair in round.pairs %}")
    cells = b.row(table)
    for cell, side in zip(cells, ("pair.before", "pair.after"), strict=True):
        b.write(
            cell.paragraphs[0],
            f"{{% if {side} and {side}.picture %}}{{{{ {side}.picture }}}}{{% else %}}—{{% endif %}}",
            align=b.CENTRE,
        )
        b.more(
            cell,
            f"{{% if {side} %}}{{{{ {side}.id }}}}{{{{ '\\n' }}}}{{{{ {side}.sha256 }}}}{{% endif %}}",
            size=TINY - 1,
            align=b.CENTRE,
        )
    b.statement_row(table, "{%tr endfor %}")
    b.tag(document, "{%p endif %}")


def _look_backs(document: Doc, say: Say) -> None:
    _when(document, "case.look_backs")
    b.tag(document, "{%p for each in case.look_backs %}")
    b.line(document, "{{ each.at }} · {{ each.occasions }} · {{ each.found }}", font=b.HEI, before=3)
    b.line(document, "{{ each.by }} · {{ each.level }} · {{ each.independent }}", size=SMALL)
    b.tag(document, "{%p if each.text %}")
    b.line(document, "{{ each.text }}")
    b.tag(document, "{%p endif %}")
    _photo_strip(document, "each.photos")
    b.tag(document, "{%p endfor %}")
    _otherwise(document, say(N_("Nobody has looked back yet.")))


def _follow_ups(document: Doc, say: Say) -> None:
    _when(document, "case.follow_ups")
    table = b.grid(document, (42, 88, 40))
    b.row(
        table,
        *(say(each) for each in (N_("Outlet"), N_("Title and address"), N_("Published on"))),
        heads=range(3),
        size=SMALL,
    )
    b.repeat_head(table)
    b.statement_row(table, "{%tr for each in case.follow_ups %}")
    cells = b.row(table, "{{ each.outlet }}", "{{ each.title or '—' }}", "{{ each.published }}", size=SMALL)
    _maybe(cells[0], "each.note")
    _maybe(cells[1], "each.url", size=TINY)
    _maybe(cells[1], "each.text_sha256", size=TINY, label=say(N_("SHA-256 of the text:")) + " ")
    b.statement_row(table, "{%tr endfor %}")
    _otherwise(document, say(N_("None.")))


def _events(document: Doc, say: Say) -> None:
    table = b.grid(document, (9, 59, 32, 32, 38))
    heads = (N_("No."), N_("Event"), N_("Happened"), N_("Recorded"), N_("Who"))
    b.row(table, *(say(each) for each in heads), heads=range(5), size=SMALL)
    b.repeat_head(table)
    b.statement_row(table, "{%tr for event in case.events %}")
    cells = b.row(
        table,
        "{{ event.seq }}",
        "{{ event.title }}",
        "{{ event.occurred }}",
        "{{ event.recorded }}",
        "{{ event.who }}",
        size=SMALL - 0.5,
    )
    b.more(cells[1], "{{ event.id }}", size=TINY)
    b.statement_row(table, "{%tr endfor %}")


def _files(document: Doc, say: Say) -> None:
    _when(document, "case.files")
    table = b.grid(document, (52, 118))
    b.row(table, say(N_("File")), "SHA-256", heads=(0, 1), size=SMALL)
    b.repeat_head(table)
    b.statement_row(table, "{%tr for file in case.files %}")
    cells = b.row(table, "{{ file.what }} · {{ file.size }}", "{{ file.sha256 }}", size=SMALL - 0.5)
    b.more(cells[0], "{{ file.id }}", size=TINY)
    _maybe(cells[1], "file.sha256_sent", size=TINY, label=say(N_("as it was sent:")) + " ")
    b.statement_row(table, "{%tr endfor %}")
    _otherwise(document, say(N_("None.")))


def _section(document: Doc, text: str) -> None:
    b.line(document, text, style_name="Heading 2", before=10, after=4)


def _of(owner: str, field: str) -> str:
    return f"{{{{ {owner}.{field} }}}}"


def _loop(table: Table, loop: str, fields: tuple[str, ...]) -> None:
    b.statement_row(table, f"{{%tr for {loop} %}}")
    b.row(table, *(f"{{{{ {field} }}}}" for field in fields), size=SMALL)
    b.statement_row(table, "{%tr endfor %}")


def _when(document: Doc, what: str) -> None:
    b.tag(document, f"{{%p if {what} %}}")


def _otherwise(document: Doc, text: str) -> None:
    b.tag(document, "{%p else %}")
    b.line(document, text)
    b.tag(document, "{%p endif %}")


def _optional(table: Table, label: str, what: str, value: str = "") -> None:
    b.statement_row(table, f"{{%tr if {what} %}}")
    b.row(table, label, value or f"{{{{ {what} }}}}", heads=(0,), size=SMALL + 1)
    b.statement_row(table, "{%tr endif %}")


def _maybe(cell: _Cell, what: str, *, size: float = SMALL, label: str = "") -> None:
    """Another paragraph in a cell, where there is something to say."""
    b.more(cell, f"{{%p if {what} %}}")
    b.more(cell, f"{label}{{{{ {what} }}}}", size=size)
    b.more(cell, "{%p endif %}")


def _photo_strip(document: Doc, photos: str, around: str = "") -> None:
    """Photos one beside the other."""
    loops = (f"{{% for {around} %}}", "{% endfor %}") if around else ("", "")
    inner = f"{{% for photo in {photos} %}}{{% if photo.picture %}}{{{{ photo.picture }}}} {{% endif %}}{{% endfor %}}"
    b.line(document, f"{loops[0]}{inner}{loops[1]}", before=2)
