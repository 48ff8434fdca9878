"""The phases of a run, one kind in each file."""
