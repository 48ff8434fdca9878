"""The bodies that clients send, and the ids in them (contract, sections 5, 11 and 13)."""
