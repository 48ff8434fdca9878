"""The machine's clock, and keys made here."""
