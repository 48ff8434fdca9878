"""The documents of the API: OpenAPI of REST, AsyncAPI of STOMP."""
