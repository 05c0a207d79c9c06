"""Refinement of one formula: constants fitted, constants named."""
