"""What `dev` and `test` bring along: an embedded PostgreSQL, a key pair, tokens for any user."""
