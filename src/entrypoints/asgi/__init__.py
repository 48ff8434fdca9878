"""ASGI without a framework: who may connect, middleware for every request, and WebSockets."""
