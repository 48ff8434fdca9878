"""STOMP clients of the load generators, and the frames that they send."""
