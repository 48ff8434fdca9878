"""Servers, proxies and raw HTTP between two programs."""
