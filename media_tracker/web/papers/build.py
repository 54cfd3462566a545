"""Builds the templates that come with the program: ``python -m media_tracker.web.papers.build``."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from media_tracker.papers.bulletin_form import build_bulletin
from media_tracker.papers.dossier_form import build_dossier
from media_tracker.papers.order_form import Say, build_order
from media_tracker.papers.shipped import LANGUAGES, Paper, path_of
from media_tracker.web.i18n import Catalogue, use_locale

BUILDERS: Mapping[Paper, Callable[[Say], bytes]] = {
    Paper.ORDER: build_order,
    Paper.DOSSIER: build_dossier,
    Paper.BULLETIN: build_bulletin,
}


def build(paper: Paper, language: str) -> bytes:
    """The template of ``paper`` with its labels in ``language``."""
    with use_locale(language):
        return BUILDERS[paper](Catalogue.load().gettext)


def main() -> None:
    """Write every template to its place."""
    for paper in Paper:
        for language in LANGUAGES:
            path = path_of(paper, language)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(build(paper, language))
            print(path.name, path.stat().st_size)


if __name__ == "__main__":
    main()
