"""Where things are: regions, the bodies that administer them, and the gazetteer that finds them in text."""
