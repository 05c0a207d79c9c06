"""What the server tells those who run it: metrics, and traces of what it does."""
