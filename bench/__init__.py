"""How fast the service is, measured from outside with every message accounted for. `make bench` runs it."""
