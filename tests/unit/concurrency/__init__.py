"""Tools for concurrent work."""
