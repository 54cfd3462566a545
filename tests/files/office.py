"""Documents made for the tests, harmless ones and others."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping

from openpyxl import Workbook

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
TYPES = '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{}</Types>'
PART = '<Override PartName="{}" ContentType="{}"/>'


def xlsx() -> bytes:
    out = io.BytesIO()
    book = Workbook()
    book.worksheets[0].append(["项目", "完成"])
    book.save(out)
    return out.getvalue()


def package(
    parts: Mapping[str, bytes | str] | None = None, types: str = PART.format("/word/document.xml", WORD)
) -> bytes:
    """A zip file that says that it is a Word document, with more ``parts``."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", TYPES.format(types))
        archive.writestr("word/document.xml", "<w:document xmlns:w='x'/>")
        for name, content in (parts or {}).items():
            archive.writestr(name, content)
    return out.getvalue()


def links(target: str, kind: str = "attachedTemplate") -> str:
    """A part with one link to somewhere else."""
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    return (
        f'<Relationships xmlns="{space}"><Relationship Id="r1" TargetMode="External" Target="{target}"'
        f' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}"/></Relationships>'
    )


def pdf(objects: bytes = b"", head: bytes = b"%PDF-1.7\n", tail: bytes = b"startxref\n9\n%%EOF\n") -> bytes:
    """As much of a PDF as a check of one looks at."""
    return head + b"1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n" + objects + tail


def packed(objects: bytes, filters: bytes = b"/Filter /FlateDecode", data: bytes | None = None) -> bytes:
    """An object stream."""
    content = zlib.compress(objects) if data is None else data
    return (
        b"5 0 obj\n<< /Type /ObjStm /N 1 /First 4 %s /Length %d >>\nstream\n" % (filters, len(content))
        + content
        + b"\nendstream\nendobj\n"
    )
