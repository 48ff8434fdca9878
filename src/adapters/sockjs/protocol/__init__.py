"""SockJS 0.3.3 without I/O: framing, and the states of a session."""
