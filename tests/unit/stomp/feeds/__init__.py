"""What subscriptions get: feeds, the fan-out, the write queue."""
