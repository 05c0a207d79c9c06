"""Search for the unknown parts of an ansatz."""
