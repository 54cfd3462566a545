"""What the rooms promise about themselves, read from the sources: who asks for the time, and who knows which library."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import media_tracker

PACKAGE = Path(media_tracker.__file__).parent
SOURCES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))

CLOCKS = frozenset({"datetime.datetime.now", "datetime.datetime.utcnow", "datetime.date.today", "time.time"})
CLOCKS_OF_OTHERS = frozenset({"datetime.datetime.today", "time.time_ns", "time.localtime", "time.gmtime"})

OUTSIDE = frozenset({"beanie", "pymongo", "litestar", "aiohttp"})

IN_PURE_ROOMS = [name for name in SOURCES if name.startswith(("calendar/", "text/"))]
PURE = [
    "db/cursors.py",
    *(f"files/{name}.py" for name in ("characters", "rows", "tables", "merged", "remarks")),
    *(f"files/{name}.py" for name in ("camera", "likeness", "images", "office_files", "kept")),
    *(f"problems/evidence/{name}.py" for name in ("material", "photo_rules")),
    *IN_PURE_ROOMS,
    "taxonomy/categories.py",
    *(f"places/{name}.py" for name in ("regions", "gazetteer", "guess", "spans", "organisations", "units", "keeping")),
    "places/responsibility.py",
    *(f"places/responsibility_{name}.py" for name in ("changes", "edits", "names", "sheet")),
    "problems/untying.py",
    "problems/routing.py",
    *(f"problems/afterwards/{name}.py" for name in ("look_backs", "facts", "satisfaction", "revisits")),
    "problems/clocks/rules.py",
    "problems/clocks/table.py",
    *(f"mail/{name}.py" for name in ("address", "server", "letters", "retry")),
    *(f"notices/{name}.py" for name in ("kinds", "readers", "alarms")),
    "net/guard.py",
    "net/answers.py",
    "outlets/keeping.py",
    *(f"ingest/{name}.py" for name in ("parse", "clean", "identity", "prepare")),
    *(f"ingest/{name}.py" for name in ("schedule", "feed_dates", "feed_encoding", "pruning")),
    *(
        f"ingest/{name}.py"
        for name in (
            "entries",
            "handed",
            "json_feed",
            "list_page",
            "page_tree",
            "page_selectors",
            "discover",
            "read",
        )
    ),
    *(f"ingest/{name}.py" for name in ("full_text", "article_page", "websub_rules")),
    *(f"tagging/{name}.py" for name in ("suggest", "cues", "evidence", "withdrawal", "clusters")),
    *(f"tagging/{name}.py" for name in ("features", "linear", "ridge", "model", "training", "labelled", "reading")),
    "tagging/wording.py",
    *(f"tagging/{name}.py" for name in ("rules", "lessons", "office_rules")),
    *(f"desk/{name}.py" for name in ("agreement", "second_look_rules", "quality_report")),
    *(f"tagging/{name}.py" for name in ("names", "people", "unit_words", "unit_names", "unit_roles")),
    *(f"problems/{name}.py" for name in ("case", "folding", "steps", "needs", "closing", "entries")),
    *(f"problems/{name}.py" for name in ("lifecycle", "independence", "occasions", "light", "stakes")),
    *(
        f"problems/linking/{name}.py"
        for name in ("matching", "rarity", "similarity", "grouping", "following", "place_names")
    ),
    *(f"problems/regrouping/{name}.py" for name in ("merging", "folds", "splitting")),
    *(f"problems/answers/{name}.py" for name in ("draft_rules", "errand_rules")),
    "problems/objections/rules.py",
    *(f"deeds/{name}.py" for name in ("deed", "showing", "reading", "minor_cues", "nominations", "lead_rules")),
    *(
        f"papers/{name}.py"
        for name in ("chain", "chart_part", "order_rules", "safe_text", "word", "checking", "building")
    ),
    *(f"papers/{name}.py" for name in ("order_form", "dossier_form", "shipped", "pictures", "reading")),
    *(f"problems/finding/{name}.py" for name in ("facets", "lines")),
    *(f"problems/lists/{name}.py" for name in ("words", "dates", "names", "row", "cells", "sheet", "events")),
    *(f"monitor/{name}.py" for name in ("credit", "counting", "facts", "definitions")),
    *(f"monitor/{name}.py" for name in ("durations", "periods", "exports")),
    *(f"monitor/{name}.py" for name in ("histories", "lines", "sheets")),
    *(f"monitor/{name}.py" for name in ("bulletin_rules", "timetable")),
    *(f"papers/bulletin_{name}.py" for name in ("content", "form", "bars", "charts")),
    *(f"monitor/{name}.py" for name in ("stages", "charts")),
    "monitor/standing.py",
    "ingest/story_format.py",
]


@cache
def _tree(name: str) -> ast.Module:
    return ast.parse((PACKAGE / name).read_text("utf-8"), filename=name)


def _nodes_at_run_time(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes below ``node`` but those that only a type checker reads."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            children: list[ast.stmt] = child.orelse
        else:
            yield child
            yield from _nodes_at_run_time(child)
            continue
        for each in children:
            yield each
            yield from _nodes_at_run_time(each)


def _imports(name: str) -> Iterator[tuple[str, str]]:
    """What a source imports when it runs: (module, the name taken from it or ``""``), functions' own imports too."""
    for node in _nodes_at_run_time(_tree(name)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}:{node.lineno} is a relative import, which nothing here reads"
            yield from ((node.module or "", alias.name) for alias in node.names)


def _libraries(name: str) -> set[str]:
    return {module.partition(".")[0] for module, _ in _imports(name)}


def _own_imports(name: str) -> Iterator[str]:
    """Sources of this package that a source imports, without the ``__init__`` files on the way."""
    for module, taken in _imports(name):
        if module.partition(".")[0] != "media_tracker":
            continue
        base = "/".join(module.split(".")[1:])
        for candidate in (f"{base}/{taken}.py".lstrip("/"), f"{base}.py", f"{base}/__init__.py".lstrip("/")):
            if candidate in SOURCES:
                yield candidate
                break


def _way_outside(name: str) -> list[str] | None:
    """The shortest way from a source to one that imports a library of the outside; None without one."""
    ways, seen = [[name]], {name}
    for way in ways:
        reached = sorted(OUTSIDE & _libraries(way[-1]))
        if reached:
            return [*way, reached[0]]
        for further in _own_imports(way[-1]):
            if further not in seen:
                seen.add(further)
                ways.append([*way, further])
    return None


def _calls(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Calls of dotted names, each by the full name that its imports give it."""
    full: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                full[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            full |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    for node in ast.walk(tree):
        # A clock that is handed over without being called would be called elsewhere: names count, not only calls.
        if isinstance(node, ast.Attribute | ast.Name):
            head, _, rest = ast.unparse(node).partition(".")
            if head in full:
                yield f"{full[head]}.{rest}".rstrip("."), node.lineno


def _asks_for_the_time(name: str) -> list[str]:
    wanted = CLOCKS | CLOCKS_OF_OTHERS
    return [f"{name}:{line} {called}" for called, line in _calls(_tree(name)) if called in wanted]


def test_only_the_clock_asks_the_machine_for_the_time() -> None:
    asking = [name for name in SOURCES if not name.startswith("db/embedded/") and _asks_for_the_time(name)]

    assert asking == ["db/clock.py"]


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import datetime\ndatetime.now()",
        "import datetime as dt\ndt.datetime.utcnow()",
        "from datetime import date as day\nday.today()",
        "import time\ntime.time()",
        "from time import time\ntime()",
        "from time import time as default_factory\nfield(default_factory=default_factory)",
    ],
)
def test_a_clock_is_found_under_every_name(source: str) -> None:
    assert CLOCKS & {called for called, _ in _calls(ast.parse(source))}


def test_what_only_measures_may_be_called() -> None:
    source = "import time\ntime.perf_counter()\ntime.monotonic()\nnow = clock.now()"

    assert not (CLOCKS | CLOCKS_OF_OTHERS) & {called for called, _ in _calls(ast.parse(source))}


@pytest.mark.parametrize("name", PURE)
def test_a_pure_module_knows_no_database_and_no_web(name: str) -> None:
    assert not OUTSIDE & _libraries(name)


@pytest.mark.parametrize("name", PURE)
def test_a_pure_module_does_not_reach_them_through_others(name: str) -> None:
    way = _way_outside(name)

    assert way is None, " imports ".join(way or [])


def test_the_web_framework_is_known_to_the_roof_alone() -> None:
    knowing = [name for name in SOURCES if "litestar" in _libraries(name)]

    assert knowing
    assert [name for name in knowing if not name.startswith("web/") and name not in {"app.py", "serve.py"}] == []


def test_beanie_is_known_to_documents_services_and_the_wiring_alone() -> None:
    knowing = [name for name in SOURCES if "beanie" in _libraries(name)]

    assert knowing
    strangers = [
        name
        for name in knowing
        if Path(name).name not in {"documents.py", "service.py"} and not name.startswith(("db/", "wiring/"))
    ]
    assert strangers == []


def test_every_room_that_is_called_pure_was_looked_at() -> None:
    assert {name.partition("/")[0] for name in IN_PURE_ROOMS} == {"calendar", "text"}
    assert set(PURE) <= set(SOURCES)
