"""What a request may hold, and how much of everything there may be."""
