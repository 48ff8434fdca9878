"""Deliveries to every instance (contract, section 8)."""
