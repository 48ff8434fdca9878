"""The durable queue of sends (contract, section 8)."""
