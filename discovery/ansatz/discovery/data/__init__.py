"""What is observed: tables, curves and trajectories, their columns and the names of these in formulas."""
