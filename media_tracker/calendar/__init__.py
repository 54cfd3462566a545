"""Working days and clocks. Pure."""
