"""An entry of the list of sessions (contract, section 5)."""

from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from application.wire import fields
from application.wire.chat_message import ChatMessage
from application.wire.user_settings import Shows


class Peer(msgspec.Struct, frozen=True, rename="camel"):
    """The other participant of a session. Its address and name are empty when they are not known."""

    profile_id: fields.ProfileKey
    email: fields.PeerAddress
    display_name: fields.DisplayName


class SessionSummary(msgspec.Struct, frozen=True, rename="camel"):
    """A session as the caller sees it. What follows `createdAt` is for clients that know it.

    `deliveredTo` and `seenTo` are how far the peer has got; they never go back.
    """

    session_id: fields.SessionKey
    intent: fields.IntentName
    peer: Peer
    last_message: ChatMessage | None
    unread_count: fields.UnreadCount
    last_seq: fields.LastSeq
    created_at: fields.Moment
    delivered_to: fields.UpToSeq = 0
    seen_to: fields.UpToSeq = 0
    first_seq: fields.FirstSeq = 1
    muted: Annotated[bool, msgspec.Meta(description="whether the caller has muted it")] = False
    archived: Annotated[bool, msgspec.Meta(description="whether it is in the caller's archive")] = False
    pinned: Annotated[bool, msgspec.Meta(description="whether the caller has pinned it")] = False
    closed: Annotated[bool, msgspec.Meta(description="whether one of the two has closed it")] = False
    muted_until: fields.Moment | UnsetType = UNSET
    draft: fields.Draft | UnsetType = UNSET
    settings: (
        Annotated[Shows, msgspec.Meta(description="what the caller shows in it; there only when it hides something")]
        | UnsetType
    ) = UNSET
