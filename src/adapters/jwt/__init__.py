"""JSON Web Tokens (RFC 7519): verifying and signing them, and their keys."""
