"""Tools that the benchmark, the chaos runs and the tests share: servers, sockets, processes, options."""
