"""What the benchmark, the chaos runs and the tests share: real servers, sockets, processes, options."""
