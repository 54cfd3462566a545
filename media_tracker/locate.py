"""Where templates, feeds and static files are, in a checkout and in an installed wheel.

In a checkout ``templates/`` and ``feeds/`` stand beside the package, where people look for them. A wheel carries them inside it,
in ``_bundled/`` (``hatch_build.py`` puts them there). The working directory never matters.
"""

from __future__ import annotations

from pathlib import Path

from media_tracker.errors import N_, NotReady

PACKAGE = Path(__file__).resolve().parent


def templates_dir() -> Path:
    """The folder of page templates, one folder per area in it. Raises :class:`NotReady` where there is none."""
    return _find("templates", PACKAGE)


def feeds_dir() -> Path:
    """The folder of partner subscriptions (OPML) and sample captures. Raises :class:`NotReady` where there is none."""
    return _find("feeds", PACKAGE)


def static_dir() -> Path:
    """The folder of files that browsers get as they are. Raises :class:`NotReady` where there is none."""
    return _existing(PACKAGE / "web" / "static")


def _find(name: str, package: Path) -> Path:
    bundled = package / "_bundled" / name
    # Beside an installed package lies whatever else was installed: only a checkout's neighbours are ours.
    is_checkout = (package.parent / "pyproject.toml").is_file()
    return _existing(package.parent / name if is_checkout and not bundled.is_dir() else bundled)


def _existing(folder: Path) -> Path:
    if folder.is_dir():
        return folder
    raise NotReady(
        N_("The folder {folder} is missing. Install media-tracker again, or run `make setup` in a checkout."),
        folder=folder,
    )
