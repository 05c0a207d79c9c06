"""Proposes experiments that tell rival formulas apart."""
