"""RabbitMQ: deliveries to every instance, and the durable queue of sends (contract, section 8)."""
