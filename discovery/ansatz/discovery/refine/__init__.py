"""Refinement: constants fitted, constants named, residuals searched for what a formula misses."""
