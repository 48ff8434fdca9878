"""SockJS 0.3.3: its framing, and sessions that outlive the HTTP requests which carry them."""
