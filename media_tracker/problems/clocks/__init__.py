"""The clocks of a problem: rules, the editable table, what is kept of it."""
