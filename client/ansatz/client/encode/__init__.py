"""Makes requests of what a caller gives."""
