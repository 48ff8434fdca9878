"""The outbox: entries, and claims on them."""
