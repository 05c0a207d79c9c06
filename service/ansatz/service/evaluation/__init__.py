"""Answers in a process of its own what needs no search, with equal turns for callers."""
