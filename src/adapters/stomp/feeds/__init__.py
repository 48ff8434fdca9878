"""What a subscription is given: live deliveries, and what the store has of the messages before them."""
