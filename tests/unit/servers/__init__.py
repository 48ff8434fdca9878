"""The server process and who may connect."""
