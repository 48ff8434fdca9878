"""Databases for tests, and ways to take PostgreSQL away."""
