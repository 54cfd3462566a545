"""Notices: the list of one's own, their words, the letters that carry them."""
