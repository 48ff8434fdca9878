"""STOMP 1.0, 1.1 and 1.2: the protocol without I/O, the connections that speak it, and what their subscriptions get."""
