"""Marks: `delivered` and `seen`."""
