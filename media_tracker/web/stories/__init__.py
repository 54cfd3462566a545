"""Stories: the list and one story."""
