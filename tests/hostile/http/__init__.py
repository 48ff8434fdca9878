"""Hostile requests over HTTP."""
