"""The STOMP protocol: codec, session, subscriptions, transactions."""
