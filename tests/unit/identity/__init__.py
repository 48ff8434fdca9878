"""Tokens, keys and profiles."""
