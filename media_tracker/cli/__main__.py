"""``python -m media_tracker.cli``: the same as ``media-tracker``."""

from media_tracker.cli import main

main()
