"""SockJS on the wire."""
