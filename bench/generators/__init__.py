"""Load generators: processes that the testbed commands over a pipe."""
