"""Outlets, their feeds and projects."""
