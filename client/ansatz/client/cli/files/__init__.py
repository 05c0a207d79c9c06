"""Data files, read into the arguments of a client."""
