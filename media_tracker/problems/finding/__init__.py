"""Finding problems: lists, filters, counts, saved views, and doing something with many at once."""
