"""The use cases, one a file, over ports. Knows the domain and nothing of servers, frameworks or wires."""
