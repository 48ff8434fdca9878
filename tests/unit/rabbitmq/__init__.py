"""RabbitMQ, without a server."""
