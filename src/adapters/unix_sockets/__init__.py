"""Deliveries between the workers of one machine, over Unix sockets: no broker is needed."""
