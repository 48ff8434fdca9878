"""Counters, and log lines that do not flood the log."""
