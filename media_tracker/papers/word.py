"""Word documents out of templates: what a context says, in the places that a template names.

A template is a Word file with Jinja in its text. It runs in a sandbox, escapes everything, and knows nothing but its context; a
photo in the context is a ``Picture``, and a chart a ``Chart``. Slow (python-docx parses XML): run it in a thread, or ``apart``
for a template that somebody has uploaded. The libraries are loaded when they are first needed.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from media_tracker.papers.chart_part import Chart, Drawing
from media_tracker.papers.safe_text import plain

if TYPE_CHECKING:
    from docx.image.image import Image
    from docx.parts.image import ImagePart
    from docxtpl import DocxTemplate

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo in a document: JPEG or PNG, and how wide and high it may be at most, in millimetres."""

    data: bytes
    width: int
    height: int
    """In pixels."""
    most_wide: float
    most_high: float

    @property
    def size(self) -> tuple[float, float]:
        """Width and height on paper, in millimetres: as large as it may be, its shape kept."""
        scale = min(self.most_wide / self.width, self.most_high / self.height)
        return self.width * scale, self.height * scale


def fill(template: bytes, context: Mapping[str, object]) -> bytes:
    """The document that ``template`` becomes with ``context``: texts, numbers, truths, pictures, charts, lists, mappings and
    dataclasses.

    Raises:
        jinja2.TemplateError: the template cannot be read, or asks for something that there is not or that it may not have.
        lxml.etree.XMLSyntaxError: what it becomes is no document.
    """
    from docxtpl import DocxTemplate
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    document = DocxTemplate(io.BytesIO(template))
    document.init_docx()
    _share_pictures(document)
    environment = ImmutableSandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
    environment.globals.clear()
    document.render({name: _ready(each, document) for name, each in context.items()}, environment)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def as_values(value: object) -> object:
    """Dataclasses as mappings, all the way down: what a context can hold and another process can be handed."""
    if isinstance(value, Picture | Chart):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: as_values(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_values(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [as_values(each) for each in value]
    return value


def _ready(value: object, document: DocxTemplate) -> object:
    """``value`` as the template gets it: texts that a document can hold, photos that know their place in it."""
    from docx.shared import Mm
    from docxtpl import InlineImage

    match value:
        case Picture():
            width, height = value.size
            return InlineImage(document, io.BytesIO(value.data), width=Mm(width), height=Mm(height))
        case Chart():
            return Drawing(_plain_chart(value), document)
        case str():
            return plain(value)
        case Mapping():
            return {key: _ready(each, document) for key, each in value.items()}
        case list() | tuple():
            return [_ready(each, document) for each in value]
        case _ if is_dataclass(value) and not isinstance(value, type):
            return _ready(as_values(value), document)
    return value


def _plain_chart(chart: Chart) -> Chart:
    names, categories = [plain(each) for each in chart.names], [plain(each) for each in chart.categories]
    return replace(chart, told=plain(chart.told), names=names, categories=categories)


def _share_pictures(document: Any) -> None:
    """Have the package know its pictures by their digests: by itself it hashes all of them again for each one that is added."""
    parts = document.docx.part.package.image_parts
    known: dict[str, ImagePart] = {}

    def get_or_add(descriptor: io.BytesIO) -> ImagePart:
        from docx.image.image import Image

        key = hashlib.sha256(descriptor.getvalue()).hexdigest()
        if key not in known:
            image: Image = Image.from_file(descriptor)
            known[key] = parts._add_image_part(image)
        return known[key]

    document.docx.part.package.get_or_add_image_part = get_or_add
