"""The benchmark: measures the service from outside, and accounts for every message. `make bench` runs it."""
