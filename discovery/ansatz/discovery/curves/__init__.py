"""Learning curves and scaling laws: families of laws fitted, compared, extrapolated, with honest intervals."""
