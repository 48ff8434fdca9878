"""Settings: their types, their sources, and the checks before the start."""
