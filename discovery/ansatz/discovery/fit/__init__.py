"""Fits the constants of formulas: of one formula, of an ansatz from many starts, robustly."""
