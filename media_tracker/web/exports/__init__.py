"""Lists and figures out of the house: files at once or as jobs, and what is sent by mail at set times."""
