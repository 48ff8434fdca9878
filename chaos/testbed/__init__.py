"""The servers of a run, and the faults that break them."""
