"""FlairBit, the service that knows everybody's profiles, over HTTP."""
