"""Octets to frames, and frames to text. No transport, no state of a connection."""
