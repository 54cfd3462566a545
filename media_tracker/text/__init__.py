"""Chinese text as it comes from outlets: normalised, segmented, fingerprinted, its dates read. Pure."""
