"""The ports made real. Adapters do not import each other."""
