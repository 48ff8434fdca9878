"""The service as a process: both servers, several workers, proxies, admission, metrics."""
