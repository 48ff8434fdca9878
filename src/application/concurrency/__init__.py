"""Tools for concurrent work: background tasks, batches, single flight, writes behind. They know no use case."""
