"""Who takes part in a session, as which profile, and how often a user may ask."""
