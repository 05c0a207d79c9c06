"""Results as people and scripts see them."""
