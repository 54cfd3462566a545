"""media-tracker: from a story that exposes a problem to the fix that somebody else has verified."""

__version__ = "0.1.0"
