"""Checks of what a server on this machine needs, each with what to do where it fails."""
