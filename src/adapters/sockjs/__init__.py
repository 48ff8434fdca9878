"""SockJS 0.3.3: the protocol without I/O, and sessions that outlive the HTTP requests which carry them."""
