"""Profiles kept in this process, in front of whoever is asked for them."""
