"""Good deeds."""
