"""The way of a message: into the store, through the outbox, to clients that missed it, and its receipts."""
