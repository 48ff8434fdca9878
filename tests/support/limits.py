"""The limits that hold without any setting, with what a test changes."""

from dataclasses import replace
from typing import Any

from adapters.sockjs.protocol.limits import SockJsLimits
from adapters.stomp.protocol.limits import SessionLimits
from entrypoints import wiring
from entrypoints.settings.model import Settings
from entrypoints.sockjs.mounts import sockjs_settings

SETTINGS = Settings()


def session_limits(**changes: Any) -> SessionLimits:
    """Those of a STOMP connection."""
    return replace(wiring.connection_limits(SETTINGS).session, **changes)


def sockjs_limits(**changes: Any) -> SockJsLimits:
    """Those of a SockJS session."""
    return replace(sockjs_settings(SETTINGS).limits, **changes)
