"""Hostile inputs against a running service, each with the bounds that it must keep (see `bounds.py`)."""
