"""Sessions, their overview, and what has changed in them."""
