"""Searches what a formula leaves unexplained: beside a leading formula, and beside a caller's ansatz."""
