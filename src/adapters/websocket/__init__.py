"""The server's side of RFC 6455 without I/O: the handshake, and bounded frames."""
