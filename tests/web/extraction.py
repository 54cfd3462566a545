"""Which sentences the code and the templates hold, and which of them the Chinese catalogue lacks.

``python -m tests.web.extraction`` prints what is missing, ready to be pasted into the catalogue, and what is no longer used.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from media_tracker.web.i18n import LOCALE_DIR

ROOT: Final = Path(__file__).resolve().parents[2]
CHINESE: Final = LOCALE_DIR / "zh_CN" / "LC_MESSAGES" / "messages.po"
KEYWORDS: Final = {
    "_": None,
    "N_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
_TEMPLATE_OPTIONS: Final = {
    "trimmed": "true",
    "newstyle_gettext": "true",
    "silent": "false",
    "extensions": "jinja2.ext.do",
}


@dataclass(frozen=True, order=True)
class Sentence:
    """What a translation is looked up by. ``plural`` is empty for a sentence with one form."""

    text: str
    plural: str = ""
    context: str = ""


def extract_messages(root: Path = ROOT) -> dict[Sentence, list[str]]:
    """Every sentence in ``templates/`` and ``media_tracker/**/*.py`` with the ``file:line`` places that use it."""
    found: dict[Sentence, list[str]] = {}
    templates = ((path, "jinja2.ext:babel_extract") for path in sorted((root / "templates").rglob("*.html")))
    modules = ((path, "python") for path in sorted((root / "media_tracker").rglob("*.py")))
    for path, method in (*templates, *modules):
        options = _TEMPLATE_OPTIONS if method != "python" else {}
        for line, message, _comments, context in extract_from_file(
            method, str(path), keywords=KEYWORDS, options=options
        ):
            sentence = _sentence(message, context)
            if sentence.text:
                found.setdefault(sentence, []).append(f"{path.relative_to(root)}:{line}")
    return found


def read_catalogue(path: Path = CHINESE) -> Catalog:
    """The catalogue as Babel reads it."""
    with path.open("rb") as source:
        return read_po(source, locale=path.parents[1].name, abort_invalid=True)


def entries(catalogue: Catalog) -> Iterator[tuple[Sentence, Message]]:
    """Every entry of a catalogue but its header."""
    for message in catalogue:
        if message.id:
            yield _sentence(message.id, message.context), message


def translations(message: Message) -> tuple[str, ...]:
    """The translated forms of an entry."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def _sentence(message: object, context: str | None) -> Sentence:
    if isinstance(message, str):
        return Sentence(message, context=context or "")
    parts = [part for part in message if isinstance(part, str)] if isinstance(message, Iterable) else []
    return Sentence(parts[0], parts[1] if len(parts) > 1 else "", context or "")


def _as_entry(sentence: Sentence, places: list[str]) -> str:
    quoted = [f"#: {places[0]}"]
    if sentence.context:
        quoted.append(f"msgctxt {_quote(sentence.context)}")
    quoted.append(f"msgid {_quote(sentence.text)}")
    if sentence.plural:
        quoted += [f"msgid_plural {_quote(sentence.plural)}", 'msgstr[0] ""']
    else:
        quoted.append('msgstr ""')
    return "\n".join(quoted) + "\n"


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def main() -> int:
    """Print missing and unused sentences; 1 if there are any."""
    wanted = extract_messages()
    held = dict(entries(read_catalogue()))
    missing = [s for s in sorted(wanted) if s not in held or not all(translations(held[s]))]
    unused = sorted(set(held) - set(wanted))
    for sentence in missing:
        print(_as_entry(sentence, wanted[sentence]))
    for sentence in unused:
        print(f"# unused: {sentence.text}")
    return 1 if missing or unused else 0


if __name__ == "__main__":
    sys.exit(main())
