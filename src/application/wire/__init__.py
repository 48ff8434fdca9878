"""The JSON that clients send and receive, the same over REST, STOMP and AMQP."""
