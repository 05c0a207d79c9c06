"""Draws formulas beside their data."""
