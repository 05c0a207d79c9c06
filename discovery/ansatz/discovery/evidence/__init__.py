"""What the data say about one formula: description length, uncertainty, names of constants, residual, rank."""
