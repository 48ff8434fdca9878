"""PostgreSQL, without a server."""
