"""Where results and failures go, and the exit status."""
