"""A dossier that is read back: its digests are recomputed, and what was changed is found."""

from __future__ import annotations

import io

import pytest
from docx import Document

from media_tracker.errors import InvalidInput
from media_tracker.papers.chain import START, digest
from media_tracker.papers.dossier_form import DIGEST, RECORD
from media_tracker.papers.reading import verify
from media_tracker.papers.shipped import Paper, shipped
from media_tracker.papers.word import fill
from media_tracker.web.papers.samples import samples


def dossier(*records: str) -> bytes:
    """A Word document with these records, chained; one that begins a problem begins a chain."""
    document = Document()
    for name in (RECORD, DIGEST):
        document.styles.add_style(name, 1)
    before = START
    for record in records:
        before = digest(START if '"seq":1,' in record else before, record)
        document.add_paragraph(record, style=RECORD)
        document.add_paragraph(before, style=DIGEST)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def changed(document: bytes, at: int, text: str | None) -> bytes:
    """The document with its paragraph ``at`` saying something else, or gone."""
    opened = Document(io.BytesIO(document))
    paragraph = opened.paragraphs[at]
    if text is None:
        paragraph._p.getparent().remove(paragraph._p)
    else:
        paragraph.runs[0].text = text
    out = io.BytesIO()
    opened.save(out)
    return out.getvalue()


FIRST, SECOND = '{"problem":"a","seq":1,"type":"registered"}', '{"problem":"a","seq":2,"type":"assigned"}'
OTHER = '{"problem":"b","seq":1,"type":"registered"}'


def test_an_untouched_dossier_fits_problem_by_problem() -> None:
    found = verify(dossier(FIRST, SECOND, OTHER))

    assert [(each.problem, each.events, each.wrong) for each in found] == [("a", 2, None), ("b", 1, None)]
    assert found[1].last_digest == digest(START, OTHER)


@pytest.mark.parametrize(
    ("at", "text", "wrong"),
    [
        (2, SECOND.replace("assigned", "closed"), 2),
        (0, FIRST.replace("registered", "closed"), 1),
        (1, "0" * 64, 1),
        (0, None, 1),
        (1, None, 1),
        (3, None, 2),
    ],
)
def test_what_was_changed_or_taken_out_is_found(at: int, text: str | None, wrong: int) -> None:
    assert verify(changed(dossier(FIRST, SECOND), at, text))[0].wrong == wrong


def test_a_dossier_made_with_our_template_can_be_read_back() -> None:
    context, _ = samples(Paper.DOSSIER)[0]

    assert [each.wrong for each in verify(fill(shipped(Paper.DOSSIER, "zh_CN"), context))] == [None]


@pytest.mark.parametrize("data", [b"", b"no document", dossier()])
def test_what_is_no_dossier_is_refused_with_a_sentence(data: bytes) -> None:
    with pytest.raises(InvalidInput):
        verify(data)
