"""Objections: the public form, those of the office, answering them."""
