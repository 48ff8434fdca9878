"""What a client keeps of the events and answers that it takes, in any order (docs/sync.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

_OF_SESSION = ("sessionId", "intent", "peer", "createdAt", "firstSeq", "muted", "archived", "pinned", "closed")
MARKS = ("deliveredTo", "seenTo")
"""Marks of the peer in a session. Receipts tell them, as far as a resume has to, and messages show them."""
_OF_MESSAGE = ("messageId", "seq", "clientMessageId", "senderId", "senderEmail", "senderDisplayName", "sentAt")
_CHANGING = ("content", "version", "editedAt", "deleted", "deletedAt", "reactions")
QUOTED = 140
MYSELF = ""
"""Whose mark it is that the history shows of the messages of the peer."""


@dataclass
class Kept:
    """The messages, sessions and marks of the user `email`.

    Each message is kept in its greatest version, and each mark at its greatest. What a session shows of its messages
    is made of the messages, and the quote of a reply of the message that it answers.
    """

    email: str
    sessions: dict[str, Json] = field(default_factory=dict)
    messages: dict[tuple[str, int], Json] = field(default_factory=dict)
    seen_to: dict[tuple[str, str], int] = field(default_factory=dict)
    """By session, and by the profile that has seen."""

    def take(self, event: Mapping[str, Any]) -> None:
        """Takes an event. Those that are never told again change nothing."""
        if event["type"] == "message":
            self.take_message(event)
        elif event["type"] == "session":
            self.take_session(event)
        elif event["type"] == "receipt" and "seenTo" in event:
            self._see(event["sessionId"], event["by"], event["seenTo"])

    def take_session(self, session: Mapping[str, Any]) -> None:
        """Takes a session event, or an entry of the list of sessions."""
        self.sessions[session["sessionId"]] = {name: session[name] for name in _OF_SESSION}
        if session["lastMessage"] is not None:
            self.take_message(session["lastMessage"])

    def take_message(self, message: Mapping[str, Any]) -> None:
        """Takes a message event, or a message of the history."""
        place = message["sessionId"], message["seq"]
        known = self.messages.get(place)
        if known is None or known["version"] <= message["version"]:
            self.messages[place] = dict(message)

    def take_answers(self, sessions: Sequence[Mapping[str, Any]], messages: Sequence[Mapping[str, Any]]) -> None:
        """Takes what REST shows. Only there a message says whether it was seen: events have receipts for that."""
        for session in sessions:
            self.take_session(session)
        for message in messages:
            self.take_message(message)
            if message["seen"]:
                peer = self.sessions[message["sessionId"]]["peer"]["profileId"]
                self._see(message["sessionId"], peer if message["senderId"] != peer else MYSELF, message["seq"])

    def keep_only(self, sessions: set[str], messages: set[tuple[str, int]]) -> None:
        """Drops all else, after a reset."""
        self.sessions = {id_: one for id_, one in self.sessions.items() if id_ in sessions}
        self.messages = {place: one for place, one in self.messages.items() if place in messages}
        self.seen_to = {place: seq for place, seq in self.seen_to.items() if place[0] in sessions}

    def history(self, session_id: str) -> list[Json]:
        """The messages of a session, oldest first."""
        return [self._shown(place) for place in sorted(self.messages) if place[0] == session_id]

    def list(self) -> list[Json]:
        """The sessions, by id."""
        return [self._summary(session_id) for session_id in sorted(self.sessions)]

    def _see(self, session_id: str, by: str, seq: int) -> None:
        place = session_id, by
        self.seen_to[place] = max(self.seen_to.get(place, 0), seq)

    def _summary(self, session_id: str) -> Json:
        messages = self.history(session_id)
        unread = [one for one in messages if one["senderEmail"] != self.email and not (one["seen"] or "deleted" in one)]
        last = messages[-1] if messages else None
        lasts = {"lastMessage": last, "unreadCount": len(unread), "lastSeq": last["seq"] if last else 0}
        return {**self.sessions[session_id], **lasts}

    def _shown(self, place: tuple[str, int]) -> Json:
        message = self.messages[place]
        shown = {name: message[name] for name in (*_OF_MESSAGE, *_CHANGING) if name in message}
        if "replyTo" in message:
            shown["replyTo"] = self._quote(place[0], message["replyTo"])
        return {**shown, "seen": self._is_seen(message)}

    def _is_seen(self, message: Json) -> bool:
        session_id = message["sessionId"]
        peer = self.sessions[session_id]["peer"]["profileId"]
        is_from_peer = message["senderId"] == peer
        marks = (
            seq for (where, by), seq in self.seen_to.items() if where == session_id and (by == peer) != is_from_peer
        )
        seq: int = message["seq"]
        return seq <= max(marks, default=0)

    def _quote(self, session_id: str, quote: Json) -> Json:
        answered = self.messages.get((session_id, quote["seq"]))
        if answered is None:
            return quote
        if "deleted" in answered:
            return {"seq": quote["seq"], "deleted": True}
        content = answered["content"][:QUOTED]
        told = {"messageId": answered["messageId"], "senderId": answered["senderId"], "content": content}
        return {"seq": quote["seq"], "deleted": False, **told}


def without_delivered(message: Json) -> Json:
    """A message as REST shows it, without its session, and without the mark that a resume need not tell."""
    return {name: message[name] for name in message if name not in ("sessionId", "delivered")}
