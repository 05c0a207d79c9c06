"""Judging: what the report says of each candidate, and in which order. The same for every origin of a formula."""
