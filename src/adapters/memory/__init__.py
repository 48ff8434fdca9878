"""Complete adapters without a server: the whole service runs on them for domain tests."""
