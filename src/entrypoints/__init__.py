"""The process: composition, REST, WebSockets, SockJS, settings and commands."""
