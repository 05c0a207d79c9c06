"""Searchers: each proposes formulas for a problem; a portfolio runs them under one budget."""
