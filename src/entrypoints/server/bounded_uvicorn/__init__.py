"""uvicorn's protocols, bounded in what one connection may take and hold (`docs/servers.md`)."""
