"""SockJS."""
