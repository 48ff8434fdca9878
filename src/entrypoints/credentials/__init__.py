"""Keys and secrets that the service is given: for tokens of services, and for the instances among themselves."""
