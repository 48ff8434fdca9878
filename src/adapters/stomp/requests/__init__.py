"""Carries out what the frames of a client ask for."""
