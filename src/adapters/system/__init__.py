"""The machine's clock, and a generator of ids."""
