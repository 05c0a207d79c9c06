"""Compares two formulas: are they the same function?"""
