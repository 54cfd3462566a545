"""Letters by mail: what may be an address, how a letter is built, how it leaves, and how often it is tried."""
