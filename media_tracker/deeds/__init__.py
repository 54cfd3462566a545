"""Story → good deed: the deed, its person, the stories that tell of it."""
