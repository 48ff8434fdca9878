"""The rules of one-to-one chat: sessions, messages, idempotency, delivery. Standard library only, no I/O, no clock."""
