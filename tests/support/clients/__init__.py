"""Clients of every kind: REST, STOMP, SockJS, browsers, other people's libraries."""
