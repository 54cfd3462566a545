"""Photos and documents of a problem: sent, shown, looked at, blacked out."""
