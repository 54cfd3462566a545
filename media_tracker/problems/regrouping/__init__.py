"""Two problems that are one, and one that is two."""
