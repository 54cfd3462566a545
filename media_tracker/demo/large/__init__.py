"""A campaign of any size, made up from a few words: to see how the system does with a million stories."""
