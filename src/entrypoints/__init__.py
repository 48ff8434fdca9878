"""Composition: the container, the ASGI application, one instance of the service; its parts are in the packages."""
