"""What somebody should hear of: who, by which way, and once."""
