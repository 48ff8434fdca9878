"""Makes the AsyncAPI 3 document of the STOMP side from the destinations and types of the code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, Literal, get_args

import msgspec

from adapters.stomp.names import (
    ALL,
    AUTH_RENEW,
    CHAT_MESSAGE_ID,
    CHAT_SEEN,
    CHAT_SEND,
    COMMAND_PREFIX,
    EVENT_TYPE,
    RECEIPTS,
    REPLAY,
    RESUME_AFTER,
    SEQ,
    SESSION_ID,
    SYNC,
    UNDELIVERED,
    USER_PREFIX,
)
from adapters.stomp.protocol.negotiation.version import SUBPROTOCOLS
from adapters.stomp.protocol.subscription import AckMode
from application.delivery.delivered_receipts import DeliveredReceipt
from application.use_cases.mark_seen import SeenReceipt
from application.wire.chat_message import ChatMessage
from application.wire.events import EVENTS
from application.wire.fields import MAX_SEQ
from application.wire.problem import Problem
from application.wire.requests.blocks import BlockPerson
from application.wire.requests.bodies import SeenInSessionRequest, SendMessageRequest
from application.wire.requests.commands import DeleteInSession, EditInSession, ReactInSession
from application.wire.requests.conversations import CloseInSession, SettingsRequest, StateInSession, UnreadInSession
from application.wire.requests.passing import OwnPresence, TypingInSession, WatchSessions
from domain.destination import (
    ACK_QUEUE,
    ERROR_QUEUE,
    EVENTS_QUEUE,
    MESSAGES_QUEUE,
    RECEIPTS_QUEUE,
    SESSION_TOPIC_PREFIX,
    USER_QUEUES,
)

Json = dict[str, Any]

_SEQ_TEXT: Json = {"type": "string", "pattern": "^[0-9]+$", "description": f"a number up to {MAX_SEQ}"}
_BEARER: Json = {"type": "string", "pattern": "^Bearer .+$"}
_UUID: Json = {"type": "string", "format": "uuid"}


@dataclass(frozen=True, slots=True)
class _Channel:
    """A destination.

    `action` is that of the service: what it receives, clients SEND; what it sends, they SUBSCRIBE to.
    """

    name: str
    address: str
    action: Literal["receive", "send"]
    summary: str
    body: type[msgspec.Struct] | None
    headers: Mapping[str, Json] = field(default_factory=dict)
    subscribe_headers: Mapping[str, Json] = field(default_factory=dict)
    other_bodies: Sequence[type[msgspec.Struct]] = ()

    optional_headers: Mapping[str, Json] = field(default_factory=dict)

    @property
    def bodies(self) -> Sequence[type[msgspec.Struct]]:
        return () if self.body is None else (self.body, *self.other_bodies)

    @property
    def message(self) -> str:
        return f"{self.name}Message"


# what STOMP itself has in its frames, and what is to be said of it here
_CONNECT: Mapping[str, Json] = {
    "accept-version": {
        "type": "string",
        "description": "the versions that the client speaks; without it 1.0",
        "examples": ["1.2,1.1"],
    },
    "Authorization": {**_BEARER, "description": "the token; the same header of the HTTP upgrade will do"},
    "passcode": {
        "type": "string",
        "description": "the token, for clients that cannot send `Authorization`; with or without `Bearer ` in front",
    },
    "heart-beat": {
        "type": "string",
        "pattern": "^[0-9]+,[0-9]+$",
        "description": "milliseconds between beats that the client can send, and that it wants; 0 is none",
        "examples": ["10000,10000"],
    },
}
_SUBSCRIBE: Mapping[str, Json] = {
    "id": {"type": "string", "description": "the client's own; STOMP 1.0 may go without"},
    "ack": {
        "type": "string",
        "enum": list(get_args(AckMode)),
        "default": "auto",
        "description": "in all but `auto` a message is `delivered` when it is ACKed",
    },
}
_SEND: Mapping[str, Json] = {
    "receipt": {"type": "string", "description": "RECEIPT has it as `receipt-id` once the frame was carried out"}
}
_MESSAGE: Mapping[str, Json] = {
    "destination": {"type": "string", "description": "as it was subscribed"},
    "subscription": {"type": "string", "description": "`id` of the SUBSCRIBE"},
    "message-id": {"type": "string", "description": "unique on the connection"},
    "content-type": {"type": "string", "const": "application/json"},
    "content-length": {"type": "string", "pattern": "^[0-9]+$", "description": "octets of the body"},
    "ack": {"type": "string", "description": "what ACK names as `id` (1.2), where the client has to ACK"},
}

_STORED = {SEQ: _SEQ_TEXT, SESSION_ID: _UUID, CHAT_MESSAGE_ID: _UUID}
_REPLAYED = {REPLAY: {"type": "string", "const": UNDELIVERED, "description": "first what was never delivered"}}
_RESUMED_BY_TOKEN = {
    RESUME_AFTER: {"type": "string", "description": "first what has changed since this `sync`, then `ready`, then live"}
}
_RESUMED = {RESUME_AFTER: {**_SEQ_TEXT, "description": "first everything after this seq, then live, without a hole"}}

_ALL = {RECEIPTS: {"type": "string", "const": ALL, "description": "also what was delivered, and what I saw elsewhere"}}

_QUEUES: Mapping[str, tuple[str, str, type[msgspec.Struct]]] = {
    MESSAGES_QUEUE: ("messages", "messages to the user", ChatMessage),
    ACK_QUEUE: ("acks", "the user's own messages, once they are stored", ChatMessage),
    ERROR_QUEUE: ("errors", "why a SEND was refused; the connection lives on", Problem),
    RECEIPTS_QUEUE: ("receipts", "what the other one has seen", SeenReceipt),
}


def _queue(queue: str) -> _Channel:
    name, summary, body = _QUEUES[queue]
    headers = _STORED if body is ChatMessage else {}
    asked = {MESSAGES_QUEUE: _REPLAYED, RECEIPTS_QUEUE: _ALL}.get(queue, {})
    others = (DeliveredReceipt,) if queue == RECEIPTS_QUEUE else ()
    return _Channel(name, f"{USER_PREFIX}{queue}", "send", summary, body, headers, asked, others)


_CHANNELS: Sequence[_Channel] = (
    _Channel("sendMessage", CHAT_SEND, "receive", "send a message; RECEIPT is durable", SendMessageRequest),
    _Channel("seen", CHAT_SEEN, "receive", "mark messages as seen, and tell their sender", SeenInSessionRequest),
    _Channel("edit", f"{COMMAND_PREFIX}edit", "receive", "give one's own message another text", EditInSession),
    _Channel(
        "delete", f"{COMMAND_PREFIX}delete", "receive", "delete a message for both or for oneself", DeleteInSession
    ),
    _Channel("typing", f"{COMMAND_PREFIX}typing", "receive", "tell the other one that one types", TypingInSession),
    _Channel("watch", f"{COMMAND_PREFIX}watch", "receive", "watch the peers of sessions", WatchSessions),
    _Channel("presence", f"{COMMAND_PREFIX}presence", "receive", "be shown as online or away", OwnPresence),
    _Channel("react", f"{COMMAND_PREFIX}react", "receive", "react to a message, or take that back", ReactInSession),
    _Channel("state", f"{COMMAND_PREFIX}state", "receive", "mute, archive, pin, or keep a draft", StateInSession),
    _Channel("unread", f"{COMMAND_PREFIX}unread", "receive", "mark messages as unread for oneself", UnreadInSession),
    _Channel("block", f"{COMMAND_PREFIX}block", "receive", "block somebody, or end that", BlockPerson),
    _Channel("close", f"{COMMAND_PREFIX}close", "receive", "close a session for both", CloseInSession),
    _Channel("settings", f"{COMMAND_PREFIX}settings", "receive", "change what one shows of oneself", SettingsRequest),
    _Channel(
        "renew",
        AUTH_RENEW,
        "receive",
        "go on with a fresh token of the same user",
        None,
        {"Authorization": _BEARER},
    ),
    *(_queue(queue) for queue in sorted(USER_QUEUES)),
    _Channel(
        "events",
        f"{USER_PREFIX}{EVENTS_QUEUE}",
        "send",
        "what happens in all sessions of the user, on every connection of the user",
        EVENTS[0],
        {EVENT_TYPE: {"type": "string", "description": "`type` of the body"}},
        _RESUMED_BY_TOKEN,
        EVENTS[1:],
        {**_STORED, SYNC: {"type": "string", "description": "a position for `resume-after`, where one is known"}},
    ),
    _Channel(
        "session",
        f"{SESSION_TOPIC_PREFIX}{{sessionId}}",
        "send",
        "the messages of a session, for its two participants",
        ChatMessage,
        _STORED,
        _RESUMED,
    ),
)


def asyncapi_document() -> Json:
    """The document."""
    bodies = {body for channel in _CHANNELS for body in channel.bodies}
    types = sorted(bodies, key=lambda body: body.__name__)
    _, schemas = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "chat-service",
            "version": version("chat-service"),
            "description": (
                "STOMP 1.0 to 1.2. ERROR is for what breaks the protocol, the destination or the token: its header "
                "`message` is the `code` of a problem, and the connection is closed after it."
            ),
        },
        "defaultContentType": "application/json",
        "servers": {"websocket": _server()},
        "channels": {channel.name: _channel(channel) for channel in _CHANNELS},
        "operations": {channel.name: _operation(channel) for channel in _CHANNELS},
        "components": {
            "messages": {channel.message: _message(channel) for channel in _CHANNELS},
            "messageTraits": {
                "receive": {"title": "Headers of every SEND", "headers": _headers(_SEND)},
                "send": {
                    "title": "Headers of every MESSAGE",
                    "headers": _headers(_MESSAGE, [name for name in _MESSAGE if name != "ack"]),
                },
            },
            "schemas": schemas,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _server() -> Json:
    return {
        "host": "{host}",
        "pathname": "/ws",
        "protocol": "stomp",
        "description": (
            f"WebSocket, also at `/ws/websocket`: subprotocols {', '.join(SUBPROTOCOLS)}; one STOMP frame a WebSocket "
            "message. SockJS clients connect to `/ws` too."
        ),
        "variables": {"host": {"default": "localhost:8080"}},
        "security": [{"$ref": "#/components/securitySchemes/bearer"}],
        "x-connect-headers": _headers(_CONNECT),
        "x-subscribe-headers": _headers(_SUBSCRIBE, ["id"]),
    }


def _channel(channel: _Channel) -> Json:
    shown: Json = {
        "address": channel.address,
        "summary": channel.summary,
        "messages": {channel.message: {"$ref": f"#/components/messages/{channel.message}"}},
    }
    if "{sessionId}" in channel.address:
        shown["parameters"] = {"sessionId": {"description": "id of the session"}}
    if channel.subscribe_headers:
        shown["x-subscribe-headers"] = _headers(channel.subscribe_headers)
    return shown


def _operation(channel: _Channel) -> Json:
    return {
        "action": channel.action,
        "summary": channel.summary,
        "channel": {"$ref": f"#/channels/{channel.name}"},
        "messages": [{"$ref": f"#/channels/{channel.name}/messages/{channel.message}"}],
    }


def _message(channel: _Channel) -> Json:
    trait = f"#/components/messageTraits/{channel.action}"
    shown: Json = {"name": channel.message, "summary": channel.summary, "traits": [{"$ref": trait}]}
    payloads = [{"$ref": f"#/components/schemas/{body.__name__}"} for body in channel.bodies]
    if payloads:
        shown["payload"] = payloads[0] if len(payloads) == 1 else {"oneOf": payloads}
    if channel.headers:
        shown["headers"] = _headers({**channel.headers, **channel.optional_headers}, list(channel.headers))
    return shown


def _headers(properties: Mapping[str, Json], required: Sequence[str] = ()) -> Json:
    return {"type": "object", "properties": dict(properties), "required": list(required)}
