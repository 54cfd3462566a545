"""Draws the pictures of the README's tour: starts the samples, looks at four pages, and writes them small.

python -m tests.screenshots [FOLDER]      (make screenshots; FOLDER is docs/images)
"""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

FOLDER = Path(__file__).parent.parent / "docs" / "images"
COLOURS = 96
WIDTH = 1_000
"""Pixels of the picture; the page is drawn as wide as an office screen."""
STARTED = "Open http"


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture: what it is called, whose page it is, and where to go; ``then`` follows the first link that matches."""

    name: str
    who: str
    path: str
    then: str = ""
    viewport: tuple[int, int] = (1366, 768)


SHOTS: Sequence[Shot] = (
    Shot("desk", "editor", "/desk"),
    Shot("problem", "official", "/problems?show=all&state=closed", then="main table a[href^='/problems/']"),
    Shot("monitor", "publicity", "/monitor"),
    Shot("wall", "publicity", "/monitor/wall", viewport=(1600, 900)),
)


@contextmanager
def samples() -> Iterator[tuple[str, dict[str, str]]]:
    """The samples, served; the address, and a password for each user name."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="media-tracker-pictures-") as folder:
        environment = {**os.environ, "MEDIA_TRACKER_DATA_DIR": folder}
        environment.pop("MONGODB_URI", None)
        command = [sys.executable, "-m", "media_tracker.cli", "demo", "--port", str(port)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as process:
            try:
                assert process.stdout is not None  # it is a pipe
                passwords: dict[str, str] = {}
                for line in process.stdout:
                    words = line.split()
                    if line.startswith("  ") and len(words) == 2:
                        passwords[words[0]] = words[1]
                    if line.startswith(STARTED):
                        break
                yield f"http://127.0.0.1:{port}", passwords
            finally:
                process.terminate()
                process.wait()


def signed_in(browser: Browser, address: str, shot: Shot, password: str) -> Page:
    """A page of somebody who has signed in, in Chinese."""
    width, height = shot.viewport
    context = browser.new_context(locale="zh-CN", viewport={"width": width, "height": height}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{address}/login")
    page.fill("input[name=username]", shot.who)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda url: "/login" not in url)
    return page


def drawn(picture: bytes) -> bytes:
    """``picture`` as small as it can be read."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    height = round(image.height * WIDTH / image.width)
    image = image.resize((WIDTH, height), Image.Resampling.LANCZOS).quantize(
        COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
    )
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium")
    with samples() as (address, passwords), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for shot in SHOTS:
            page = signed_in(browser, address, shot, passwords[shot.who])
            page.goto(address + shot.path)
            if shot.then:
                page.locator(shot.then).first.click()
            page.wait_for_timeout(2_000)  # charts draw themselves
            picture = drawn(page.screenshot())
            (folder / f"{shot.name}.png").write_bytes(picture)
            print(f"{shot.name}.png: {len(picture) // 1024} kB")
            page.context.close()
        browser.close()


if __name__ == "__main__":
    main()
