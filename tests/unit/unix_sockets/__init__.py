"""Deliveries between the workers of one machine."""
