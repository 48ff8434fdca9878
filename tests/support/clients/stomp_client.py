"""The other end of a `StompSession`: connects it, speaks to it and reads what it writes."""

from typing import Any

from adapters.stomp.protocol.events import Event
from adapters.stomp.protocol.frames.decoder import FrameDecoder
from adapters.stomp.protocol.frames.frame import Frame
from adapters.stomp.protocol.limits import SessionLimits
from adapters.stomp.protocol.negotiation.version import Version
from adapters.stomp.protocol.session import StompSession
from tests.support.limits import session_limits

SERVER = "chat/1"


def new_session(
    limits: SessionLimits | None = None, heartbeat: float = 10, subprotocol: str | None = None
) -> StompSession:
    return StompSession(server=SERVER, limits=limits or session_limits(), heartbeat=heartbeat, subprotocol=subprotocol)


def connected(version: Version = "1.2", limits: SessionLimits | None = None) -> StompSession:
    session = new_session(limits=limits)
    say(session, "CONNECT", accept_version=version)
    session.accept("ann@example.org", "s-1")
    return session


def text_of(command: str, body: str = "", **headers: str) -> str:
    """A frame as a client writes it; underscores in the names of `headers` stand for hyphens."""
    lines = "".join(f"{name.replace('_', '-')}:{value}\n" for name, value in headers.items())
    return f"{command}\n{lines}\n{body}\0"


def say(session: StompSession, command: str, body: str = "", **headers: str) -> list[Event]:
    return list(session.feed(text_of(command, body, **headers)))


def ask(session: StompSession, command: str, body: str = "", **headers: str) -> Any:
    """The one event that the frame leads to."""
    (event,) = say(session, command, body, **headers)
    return event


def read(text: str, version: Version | None = "1.2") -> Frame:
    """The one frame in `text`, which has to be all of it."""
    decoder = FrameDecoder(max_frame_bytes=65_536)
    decoder.use(version)
    (frame,) = decoder.feed(text)
    assert text.endswith("\0")
    assert text.count("\0") == 1
    return frame
