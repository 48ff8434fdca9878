"""Tools for concurrent work: background tasks, batches, single flight, write-behind. They know no use case."""
