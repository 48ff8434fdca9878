"""The service on in-memory adapters."""
