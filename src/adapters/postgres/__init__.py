"""PostgreSQL (15 or newer): sessions, messages, outbox, the directory of profiles."""
