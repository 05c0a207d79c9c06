"""Where the numerics run: warm worker processes behind a pool."""
