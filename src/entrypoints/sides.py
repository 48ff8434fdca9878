"""Builds the parts that know what each side of a session has made of it, and what it shows (contract, section 15)."""

from typing import NamedTuple

from application.access.participants import Participants
from application.access.rate_limit import RateLimit
from application.access.read_limit import ReadLimit
from application.access.setting_relations import Delay, SettingsRelations
from application.delivery.session_events import SessionEvents
from application.delivery.unread_events import UnreadEvents
from application.ports.broker import Broker
from application.ports.clock import Clock
from application.ports.profiles import ProfileDirectory
from application.ports.push import Push
from application.ports.relations import Relations
from application.use_cases.block_people import BlockPeople
from application.use_cases.change_conversation import ChangeConversation
from application.use_cases.change_settings import ChangeSettings
from application.use_cases.close_session import CloseSession
from application.use_cases.count_unread import CountUnread
from domain.features import Features
from entrypoints.store import Store


class SideParts(NamedTuple):
    """The parts of one instance."""

    change_conversation: ChangeConversation
    change_settings: ChangeSettings
    count_unread: CountUnread
    close_session: CloseSession
    block_people: BlockPeople
    unread_events: UnreadEvents
    relations: Relations


def side_parts(
    *,
    store: Store,
    participants: Participants,
    directory: ProfileDirectory,
    events: SessionEvents,
    broker: Broker,
    push: Push,
    clock: Clock,
    rate_limit: RateLimit,
    read_limit: ReadLimit,
    features: Features,
    block_delay: Delay,
) -> SideParts:
    """The parts. `unread_events` is to be started."""
    return SideParts(
        ChangeConversation(participants, store.conversations, events, rate_limit),
        ChangeSettings(directory, store.showing, events, rate_limit),
        CountUnread(participants, directory, store.unread, events, rate_limit, read_limit),
        CloseSession(participants, store.sessions, events, rate_limit),
        BlockPeople(directory, store.blocks, broker, clock, rate_limit, read_limit),
        UnreadEvents(store.unread, directory, push, features),
        SettingsRelations(store.showing, clock, block_delay),
    )
