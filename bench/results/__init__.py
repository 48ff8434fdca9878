"""Figures of a run: counts, latencies, tables and pictures."""
