"""Grouped data: one structure for all groups, each constant shared by all or one for each."""
