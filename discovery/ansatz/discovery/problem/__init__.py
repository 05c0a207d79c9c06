"""The numerical problem that a search works on."""
