"""The server process: Granian or uvicorn, workers, signals, file descriptors."""
