"""A directory without FlairBit: people are known by their own tokens (contract, section 3)."""
