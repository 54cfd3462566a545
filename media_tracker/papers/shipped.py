"""The templates that come with the program: ``templates/word/<paper>.<language>.docx``, built by ``web.papers.build``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from media_tracker.locate import templates_dir

LANGUAGES = ("zh_CN", "en")


class Paper(StrEnum):
    """What is made with a template."""

    ORDER = "order"
    DOSSIER = "dossier"
    BULLETIN = "bulletin"


def path_of(paper: Paper, language: str) -> Path:
    """Where our template lies. Raises ``ValueError`` for a language that there is none in."""
    if language not in LANGUAGES:
        raise ValueError(f"no template in {language!r}")
    return templates_dir() / "word" / f"{paper.value}.{language}.docx"


def shipped(paper: Paper, language: str) -> bytes:
    """Our template of ``paper`` in ``language``."""
    return path_of(paper, language).read_bytes()
