"""Outlets, their feeds and columns, the projects they committed to; OPML in and out."""
