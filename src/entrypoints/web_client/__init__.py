"""The page at `/`: its files, routes and headers."""
