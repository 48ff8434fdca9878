"""Who is there, and who types: the parts in memory, with time that a test moves on."""
