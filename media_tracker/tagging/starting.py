"""The model that a fresh installation starts with: trained from the package's own stories and tables, and kept beside the data.

It is never shipped as a file, so it cannot grow stale: its file carries a digest of all that it was made from (stories, tables,
and the code that reads them), and is made anew, in seconds, as soon as any of these change.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from media_tracker.errors import InvalidInput
from media_tracker.tagging.labelled import Labelled, packaged
from media_tracker.tagging.model import FORMAT, Model, dump, load

_MADE_FROM = {
    "media_tracker.tagging": (
        "features.py",
        "linear.py",
        "ridge.py",
        "training.py",
        "reading.py",
        "cues.py",
        "labelled.py",
    ),
    "media_tracker.text": ("normalise.py", "boilerplate.py"),
    "media_tracker.places": ("gazetteer.py", "guess.py"),
}
_TABLES = {
    "media_tracker.tagging": (".csv", ".jsonl"),
    "media_tracker.places": (".csv",),
    "media_tracker.taxonomy": (".csv",),
}


def corpus() -> list[Labelled]:
    """The stories that it is trained from."""
    return packaged()


def starting_digest() -> str:
    """Changes with anything that the model is made from."""
    digest = hashlib.sha256(f"format {FORMAT}".encode())
    for package, names in _MADE_FROM.items():
        for name in names:
            digest.update((resources.files(package) / name).read_bytes())
    for package, endings in _TABLES.items():
        for file in _files(resources.files(package) / "data"):
            if file.name.endswith(endings):
                digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def _files(folder: Traversable) -> list[Traversable]:
    found: list[Traversable] = []
    for each in sorted(folder.iterdir(), key=lambda each: each.name):
        found.extend(_files(each) if each.is_dir() else [each])
    return found


def train_starting_model() -> Model:
    """Train it. Takes seconds."""
    from media_tracker.tagging.training import train

    return train(corpus())


def starting_model(folder: Path | None, training: Callable[[], None] = lambda: None) -> Model:
    """The starting model, from its file in ``folder`` if there is one for the present stories and code.

    Otherwise it is trained (``training`` is called first) and kept there; where nothing can be written it is not kept.
    """
    path = folder / f"starting-{starting_digest()}.npz" if folder is not None else None
    if path is not None:
        try:
            return load(path.read_bytes())
        except (OSError, InvalidInput):
            pass
    training()
    model = train_starting_model()
    if path is not None:
        _keep(path, model)
    return model


def _keep(path: Path, model: Model) -> None:
    """Write the file whole or not at all, and remove those that it replaces."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".starting-", delete=False) as file:
            file.write(dump(model))
        os.replace(file.name, path)
        for old in path.parent.glob("starting-*.npz"):
            if old != path:
                old.unlink(missing_ok=True)
    except OSError:
        return
