"""The differential equations behind observed motion."""
