"""SockJS over HTTP and WebSocket: plain ASGI on top of the sessions of `adapters.sockjs`."""
