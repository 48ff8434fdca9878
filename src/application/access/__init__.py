"""Who takes part in what, as which profile, and how often they may ask."""
