"""The benchmarks start when they are asked to, and their outlets behave like outlets."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from bench.origin import ENTRIES, origin

ROOT = Path(__file__).parents[1]


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60
    )


def test_help_is_printed_instead_of_running() -> None:
    done = bench("--help")
    assert done.returncode == 0
    assert "usage: python -m bench" in done.stdout
    assert "##" not in done.stdout


def test_an_unknown_name_is_said_before_anything_runs() -> None:
    done = bench("ingestoin")
    assert done.returncode == 2
    names = "drivers, ingestion, suggestions, problems, campaign, live, quality"
    assert f"ingestoin is neither a folder nor one of {names}" in done.stderr


@pytest.mark.slow
def test_one_of_them_runs_alone() -> None:
    done = bench("suggestions")
    assert done.returncode == 0
    assert done.stdout.count("## ") == 1


def get(url: str, etag: str = "") -> tuple[str, str]:
    with urlopen(Request(url, headers={"If-None-Match": etag})) as answer:  # noqa: S310 - our own server on loopback
        return answer.read().decode(), answer.headers.get("ETag", "")


async def test_the_outlets_publish_and_say_when_nothing_is_new() -> None:
    async with origin(2) as outlets:
        first, other = outlets.urls
        body, etag = get(first)
        assert body.count("<item>") == ENTRIES
        with pytest.raises(HTTPError, match="304"):
            get(first, etag)
        await outlets.publish()
        newer, _ = get(first, etag)
        assert newer.count("<item>") == ENTRIES + 1
        assert newer.endswith(body[body.index("<item>") :])
        await outlets.forget_validators()
        assert get(first, etag) == (newer, "")
        assert get(other)[0].count("<item>") == ENTRIES + 1
