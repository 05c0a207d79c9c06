"""Makes results of what a server answers."""
