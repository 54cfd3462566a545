"""One problem: its page, the steps of its life, and the forms of those who enter and correct it."""
