"""The store in memory: rows, and a repository for each of its ports."""
