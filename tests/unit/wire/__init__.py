"""STOMP: the protocol, connections, feeds."""
