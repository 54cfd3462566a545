"""Problem categories: codes, names, usual unit and time limit. A table that an installation edits."""
