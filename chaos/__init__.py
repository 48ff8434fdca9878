"""Chaos runs: check every promise while servers are killed under load. `make chaos` runs it."""
