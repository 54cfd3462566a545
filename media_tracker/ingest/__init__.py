"""Feed → story: schedule, parse, clean, identify, save."""
