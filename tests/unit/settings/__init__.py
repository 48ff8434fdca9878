"""Settings, and what is composed of them."""
