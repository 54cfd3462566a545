"""After the fix: look-backs, re-visits, what citizens said."""
