"""Profiles without FlairBit: the service learns people from their own tokens (contract, section 3)."""
