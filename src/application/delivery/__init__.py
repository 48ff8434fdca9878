"""The way of a message: into the store, out of the outbox, to clients that missed it, and its receipts."""
