"""Runs jobs from the moment they are asked for until they are deleted."""
