"""Answers calls: one method each, measured, with every error made a status."""
