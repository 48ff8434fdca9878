"""How the store does when it is full: it is filled by SQL, and measured beside an empty one."""
