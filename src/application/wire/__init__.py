"""The JSON forms that clients send and get, over REST, STOMP and AMQP alike."""
