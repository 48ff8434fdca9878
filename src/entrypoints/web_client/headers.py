"""The headers of the page: what it may load, and where it may connect."""

import re
from collections.abc import Mapping

_HOST = re.compile(r"[A-Za-z0-9._-]+(:\d+)?|\[[0-9a-fA-F:]+\](:\d+)?")

# Old browsers do not include ws: in 'self', hence the host. The worker belongs to stompjs, for heart-beats of tabs in
# the background, whose timers browsers slow down.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; worker-src blob:; "
    "connect-src 'self'{sockets}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def security_headers(host: str) -> Mapping[str, str]:
    """The headers. `host` is the Host of the request."""
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    return {
        "Content-Security-Policy": _POLICY.format(sockets=sockets),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Cache-Control": "no-cache",
    }
