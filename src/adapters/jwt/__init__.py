"""JSON Web Tokens (RFC 7519): who a token speaks for."""
