"""Use cases that span rooms: decide what a story is, tie it to problems, file a deed, withdraw it."""
