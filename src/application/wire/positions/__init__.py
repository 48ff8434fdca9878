"""Positions that clients send back to read on from there: cursors of pages, tokens of changes."""
