"""Measurements: ``make bench`` (``python -m bench``). Each compares with what one would pick instead, in the same run."""
