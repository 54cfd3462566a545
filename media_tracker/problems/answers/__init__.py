"""How a unit's answer comes about: drafts, its own review, errands by one-time link."""
