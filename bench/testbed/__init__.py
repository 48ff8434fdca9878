"""The servers and users of a run, and what the store has after a phase."""
