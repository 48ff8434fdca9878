"""FlairBit and issuers of tokens, played by tests."""
