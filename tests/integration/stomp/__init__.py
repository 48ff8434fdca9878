"""STOMP, as other people's clients speak it."""
