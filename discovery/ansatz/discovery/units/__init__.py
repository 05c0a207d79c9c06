"""Dimensional analysis: units as text, dimensions of formulas, dimensionless products."""
