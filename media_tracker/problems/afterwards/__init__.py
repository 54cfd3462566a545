"""After the fix: look-backs, re-visits, satisfaction."""
