"""Connections to PostgreSQL: failures, outages, and their end."""
