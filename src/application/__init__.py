"""The use cases and the delivery of messages, over ports. Knows the domain and nothing of servers or frameworks."""
