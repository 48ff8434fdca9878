"""Clients that other people wrote, behind one face."""
