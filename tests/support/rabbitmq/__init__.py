"""Real RabbitMQ nodes, and producers of odd messages."""
