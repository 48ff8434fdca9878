"""The ports for changes: of stored messages, and of what somebody sees since a position."""
