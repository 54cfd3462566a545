"""Merging two problems into one, and splitting one in two."""
