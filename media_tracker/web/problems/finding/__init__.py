"""Finding problems: the list with its filters, saved views, my work, areas, and one step for many at once."""
