"""Connections to RabbitMQ that reconnect, and waits with a limit."""
