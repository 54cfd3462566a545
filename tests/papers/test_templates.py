"""The templates that come along are what the code builds; those that somebody uploads are tried, and fenced in."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest
from docx import Document

from media_tracker.errors import InvalidInput
from media_tracker.papers.apart import run_apart
from media_tracker.papers.building import parts_of
from media_tracker.papers.checking import MOST_BYTES, check_package, tried
from media_tracker.papers.shipped import LANGUAGES, Paper, path_of, shipped
from media_tracker.papers.word import as_values
from media_tracker.web.papers.build import build
from media_tracker.web.papers.samples import samples

EVERY = [(paper, language) for paper in Paper for language in LANGUAGES]


def order_with(text: str) -> bytes:
    """Our template of an order, with one more paragraph."""
    document = Document(io.BytesIO(shipped(Paper.ORDER, "en")))
    document.add_paragraph(text)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def repacked(change: Callable[[str, bytes], bytes], **more: bytes) -> bytes:
    """Our template of an order with parts changed or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, part in parts_of(shipped(Paper.ORDER, "en")).items():
            package.writestr(name, change(name, part))
        for name, part in more.items():
            package.writestr(name.replace("__", "/"), part)
    return out.getvalue()


def try_order(template: bytes) -> bytes:
    """What is done with an upload."""
    context, must_show = samples(Paper.ORDER)[0]
    return tried(template, {name: as_values(value) for name, value in context.items()}, must_show)


@pytest.mark.parametrize(("paper", "language"), EVERY)
def test_a_template_that_comes_along_is_what_the_code_builds(paper: Paper, language: str) -> None:
    """If this fails: ``python -m media_tracker.web.papers.build``, and look at what has changed."""
    kept, built = parts_of(path_of(paper, language).read_bytes()), parts_of(build(paper, language))

    assert sorted(kept) == sorted(built)
    assert [name for name in kept if kept[name] != built[name]] == []


@pytest.mark.parametrize(("paper", "language"), EVERY)
def test_a_template_that_comes_along_passes_its_own_check(paper: Paper, language: str) -> None:
    for context, must_show in samples(paper):
        made = tried(shipped(paper, language), {name: as_values(value) for name, value in context.items()}, must_show)
        assert "{" not in "".join(paragraph.text for paragraph in Document(io.BytesIO(made)).paragraphs).replace(
            '{"', ""
        )


def test_a_change_made_in_word_is_used() -> None:
    made = try_order(order_with("Copy to the archive: {{ order.number }}"))

    assert "Copy to the archive: 交办〔2026〕12号" in [each.text for each in Document(io.BytesIO(made)).paragraphs]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{{ order.nothing }}", "something that there is not"),
        ("{{ order.number ", "cannot be understood"),
        ("{% for %}", "cannot be understood"),
        ("{%p for line in order.lines %}", "cannot be understood"),
        ("{{ order.__class__.__mro__ }}", "something that a template may not have|something that there is not"),
        ("{{ ''.__class__.__base__.__subclasses__() }}", "something that a template may not have"),
        ("{{ config }}", "something that there is not"),
        ("{% include '/etc/passwd' %}", "no document|cannot be understood"),
        ("{% for a in range(9) %}x{% endfor %}", "something that there is not"),
    ],
)
def test_a_template_with_a_mistake_or_a_trick_in_it_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        try_order(order_with(text))


def test_a_template_that_leaves_the_number_out_is_refused() -> None:
    empty = io.BytesIO()
    Document().save(empty)
    with pytest.raises(InvalidInput, match="does not show"):
        try_order(empty.getvalue())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no document",
        b"PK\x03\x04",
        b"%PDF-1.4\nstartxref\n0\n%%EOF",
        b"x" * (MOST_BYTES + 1),
        repacked(lambda _, part: part, word__vbaProject__bin=b"x").replace(b"vbaProject/bin", b"vbaProject.bin"),
        repacked(lambda _, part: part, word__embeddings__other=b"x"),
        repacked(lambda name, part: part.replace(b"main+xml", b"macro+xml") if "Content" in name else part),
        repacked(lambda name, part: part.replace(b"PAGE", b"INCLUDETEXT http://x") if "footer" in name else part),
        repacked(
            lambda name, part: part.replace(b"<w:document", b"<!DOCTYPE a><w:document") if "document" in name else part
        ),
        repacked(
            lambda name, part: (
                part.replace(
                    b"</Relationships>",
                    b'<Relationship Id="rX" Type="http://x/image" Target="http://x/" TargetMode="External"/></Relationships>',
                )
                if name.endswith("document.xml.rels")
                else part
            )
        ),
        repacked(lambda name, part: part, word__media__big=b"\0" * 30_000_000),
    ],
)
def test_what_is_no_plain_word_document_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput):
        check_package(data)


async def test_a_template_that_never_ends_is_stopped() -> None:
    endless = "".join("{% for a in order.number %}" for _ in range(9)) + "x" + "{% endfor %}" * 9
    context, must_show = samples(Paper.ORDER)[0]
    values = {name: as_values(value) for name, value in context.items()}

    with pytest.raises(InvalidInput, match=r"longer than 3 seconds|too large"):
        await run_apart(tried, order_with(endless), values, must_show, seconds=3.0)
