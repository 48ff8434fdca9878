"""The documents, and those that the service makes of itself."""
