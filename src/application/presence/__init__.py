"""Who is connected where, who watches whom, and what is told of it: kept in memory, never in the store."""
