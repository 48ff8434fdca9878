"""Clients that keep what events tell, on a service with all its instances in one process."""
