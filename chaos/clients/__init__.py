"""The clients of a run: simulated users, and hostile clients."""
