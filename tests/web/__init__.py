"""The page in a real browser, and what serves it."""
