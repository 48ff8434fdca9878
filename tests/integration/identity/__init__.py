"""FlairBit and the keys of issuers."""
