"""An adapter in memory for every port, so that tests run the whole service without a server."""
