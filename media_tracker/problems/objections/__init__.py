"""Objections of those who were exposed."""
