"""Keys and secrets from the settings: of other services, of our own, and of the instances among themselves."""
