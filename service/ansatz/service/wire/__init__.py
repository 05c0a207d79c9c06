"""Translates between messages of the wire and records of the library."""
