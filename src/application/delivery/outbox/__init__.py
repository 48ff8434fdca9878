"""The outbox relay: publishes deliveries at once, polls for what is left, and purges processed entries."""
