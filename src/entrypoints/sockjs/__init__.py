"""SockJS over HTTP and WebSocket: plain ASGI in front of the sessions of `adapters.sockjs`."""
