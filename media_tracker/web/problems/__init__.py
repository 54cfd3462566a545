"""Problems: the list, the case, its steps."""
