"""Releasing figures (签发)."""
