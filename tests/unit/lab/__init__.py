"""The benchmark and the chaos runs."""
