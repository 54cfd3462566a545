"""How a unit's answer comes about: drafts, its own review, errands and the page behind their link."""
