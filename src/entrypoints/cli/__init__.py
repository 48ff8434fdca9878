"""The command line (contract, section 2)."""
