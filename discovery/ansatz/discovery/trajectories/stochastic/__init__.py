"""Linear stochastic laws of motion: mean reversion driven by noise."""
