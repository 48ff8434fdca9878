"""Settings: their types, where they come from, and what is checked before the service starts."""
