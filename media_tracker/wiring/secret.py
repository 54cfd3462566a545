"""The key from which the program derives its others."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from tempfile import NamedTemporaryFile

from media_tracker.settings import Settings


def secret_key(settings: Settings) -> str:
    """The key for CSRF tokens and for what is encrypted: the one that is set, or a random one kept in ``data_dir`` (0600).

    Its file appears with the key in it: of processes that start at once all get the same one, and none an empty one.
    """
    if settings.secret_key:
        return settings.secret_key
    path: Path = settings.data_dir / "secret.key"
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        with NamedTemporaryFile("w", encoding="ascii", dir=settings.data_dir, prefix=".secret-") as file:  # 0600
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(file.name, path)
    return path.read_text(encoding="ascii")
