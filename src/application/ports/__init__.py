"""The ports: what the application needs from outside, a `Protocol` each."""
