"""The kinds of sources, one file each: what it may ask, how it is read, how its evidence becomes facts."""
