"""Caches of profiles in this process, in front of the lookup and of the directory."""
