"""Messages: stored, read, changed, delivered and seen."""
