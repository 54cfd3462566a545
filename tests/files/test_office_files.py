"""Documents: what they are, not what they are called; and nothing in them that runs, hides or unpacks without end."""

from __future__ import annotations

import contextlib
import io
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_tracker.errors import InvalidInput, MediaTrackerError, TooLarge
from media_tracker.files.office_files import DOCX, MAX_BYTES, PDF, XLSX, read_office_file
from tests.files.office import PART, TYPES, WORD, links, package, packed, pdf, xlsx
from tests.files.pictures import encoded, picture


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (pdf(), PDF),
        (pdf(tail=b"startxref\n0\n%%EOF\r\n\0\0"), PDF),
        (pdf(packed(b"1 0 << /Type /Font >>")), PDF),
        (pdf(b"9 0 obj << /S /URI /URI (https://www.example.org) >> endobj\n"), PDF),
        (package(), DOCX),
        (package({"word/_rels/settings.xml.rels": links("file:///C:/Users/Office/Normal.dotm")}), DOCX),
        (package({"word/_rels/document.xml.rels": links("https://www.example.org", "hyperlink")}), DOCX),
        (package({"xl/printerSettings/printerSettings1.bin": b"\0"}), DOCX),
        (xlsx(), XLSX),
    ],
)
def test_a_document_is_told_by_its_content(data: bytes, kind: str) -> None:
    assert read_office_file(data).content_type == kind


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"<html><script>alert(1)</script>",
        b"MZ\x90\0",
        encoded(picture()),
        b"#!/bin/sh\n" + pdf(),
        b"GIF89a" + pdf(),
        package(types=PART.format("/ppt/presentation.xml", "application/vnd.ms-powerpoint")),
        package(types=""),
    ],
)
def test_what_is_no_document_is_refused_whatever_its_name(data: bytes) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_office_file(data)

    assert "no document" in str(refused.value)


@pytest.mark.parametrize(
    "data",
    [
        package({"word/vbaProject.bin": b"\xd0\xcf"}),
        package({"word/activeX/activeX1.xml": "<a/>"}),
        package({"word/embeddings/oleObject1.bin": b"\xd0\xcf"}),
        package({"word/embeddings/Sheet1.xlsm": b"PK"}),
        package(types=PART.format("/word/document.xml", WORD.replace("openxmlformats-officedocument", "macroEnabled"))),
        package(types=PART.format("/w.xml", WORD) + PART.format("/v.bin", "application/vnd.ms-office.vbaProject")),
        package({"word/_rels/settings.xml.rels": links("https://evil.example/t.dotm")}),
        package({"word/_rels/settings.xml.rels": links("\\\\evil\\t.dotm")}),
        package({"word/_rels/document.xml.rels": links("http://evil.example/x.rtf", "oleObject")}),
        pdf(b"3 0 obj << /S /JavaScript /JS (app.alert(1)) >> endobj\n"),
        pdf(b"3 0 obj << /S /J#61vaScript /JS (app.alert(1)) >> endobj\n"),
        pdf(b"3 0 obj << /S /Launch /F (cmd.exe) >> endobj\n"),
        pdf(b"3 0 obj << /Names << /EmbeddedFiles 4 0 R >> >> endobj\n"),
        pdf(packed(b"3 0 << /S /JavaScript /JS (app.alert(1)) >>")),
        pdf(packed(b"3 0 << /S /L#61unch >>", b"/Filter [ /FlateDecode ]")),
        pdf(packed(b"", b"", data=b"3 0 << /S /JavaScript >>")),
        pdf(packed(b"").replace(b"/ObjStm", b"/Obj#53tm").replace(zlib.compress(b""), zlib.compress(b"/Launch 1"))),
    ],
)
def test_what_could_run_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_office_file(data)

    assert "could run" in str(refused.value)


def test_a_script_behind_a_false_end_of_its_stream_is_found() -> None:
    """``endstream`` stands in the packed bytes themselves, as bytes that are not packed further."""
    whole = b"endstream endobj" * 40 + b"/S /JavaScript "
    stored = zlib.compressobj(level=0)

    with pytest.raises(InvalidInput) as refused:
        read_office_file(pdf(packed(b"", data=stored.compress(whole) + stored.flush())))
    assert "could run" in str(refused.value)


@pytest.mark.parametrize(
    "data",
    [
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100,
        pdf(b"trailer << /Encrypt 8 0 R >>\n"),
    ],
)
def test_what_is_locked_or_old_is_refused_with_what_to_do(data: bytes) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_office_file(data)

    assert "Save it" in str(refused.value)


@pytest.mark.parametrize(
    "data",
    [
        pdf(tail=b""),
        pdf() + b"<script>alert(1)</script>",
        pdf(packed(b"1 0 <<>>", b"/Filter /LZWDecode")),
        pdf(packed(b"", data=b"not packed at all")),
        pdf(packed(b"/S /Launch", b"/Filter 7 0 R")),
        pdf(packed(b"1 0 <<>>") * 2_001),
        pdf(packed(b"/S /Launch", b"/F#69lter /FlateDecode")),
        pdf(packed(zlib.compress(b"/S /Launch"), b"/Filter [/FlateDecode /ASCIIHexDecode]")),
        package()[:200],
        package() + b"<script>",
        b"PK\x03\x04" + b"\0" * 100,
        b"PK\x03\x04#!/bin/sh\n" + package(),
        package({"../../etc/passwd": b"x"}),
        package({"/abs": b"x"}),
        package(types='<!DOCTYPE a [<!ENTITY b "c">]>'),
    ],
)
def test_what_is_broken_or_two_things_at_once_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput):
        read_office_file(data)


def test_a_file_of_more_than_ten_megabytes_is_refused_unread() -> None:
    with pytest.raises(TooLarge):
        read_office_file(pdf() + b" " * MAX_BYTES)


def test_a_small_file_that_unpacks_to_very_much_is_refused_unpacked() -> None:
    bomb = package({f"word/media/{n}.xml": b"\0" * 2**20 for n in range(120)})

    assert len(bomb) < 300_000
    with pytest.raises(TooLarge):
        read_office_file(bomb)


def test_a_packed_stretch_of_a_pdf_that_unpacks_to_very_much_is_refused() -> None:
    nested = zlib.compress(b"\0" * (101 * 2**20))

    assert len(nested) < MAX_BYTES
    with pytest.raises(TooLarge):
        read_office_file(pdf(packed(b"", data=nested)))


def test_a_part_that_says_it_is_smaller_than_it_is_does_not_get_through() -> None:
    data = bytearray(package({"word/media/a.xml": b"\0" * 5_000_000}))
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        size = archive.getinfo("word/media/a.xml").file_size.to_bytes(4, "little")
    lying = bytes(data).replace(size, (100).to_bytes(4, "little"))

    assert lying != bytes(data)
    with pytest.raises(InvalidInput):
        read_office_file(lying)


def test_too_many_parts_are_refused() -> None:
    with pytest.raises(TooLarge):
        read_office_file(package({f"word/{n}.xml": b"" for n in range(2_100)}))


def test_a_locked_word_file_is_refused_with_what_to_do() -> None:
    data = package()
    marked = bytearray(data)
    for head, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = 0
        while (start := data.find(head, start)) != -1:
            marked[start + at] |= 1
            start += 4

    with pytest.raises(InvalidInput) as refused:
        read_office_file(bytes(marked))
    assert "password" in str(refused.value)


@pytest.mark.parametrize("whole", [pdf(packed(b"1 0 << /Type /Font >>")), package({"a.rels": links("x")}), xlsx()])
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_garbled_document_is_either_taken_or_refused_in_a_sentence(whole: bytes, data: st.DataObject) -> None:
    garbled = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 6))):
        garbled[data.draw(st.integers(0, len(garbled) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(MediaTrackerError):
        assert read_office_file(bytes(garbled)).content_type in {PDF, DOCX, XLSX}


def test_the_table_of_types_is_read_and_not_searched() -> None:
    """A comment that names the type of a Word document makes none."""
    assert "{}" in TYPES
    with pytest.raises(InvalidInput):
        read_office_file(package(types=f"<!-- {PART.format('/word/document.xml', WORD)} -->"))
