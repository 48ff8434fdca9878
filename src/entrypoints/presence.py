"""Builds the parts that know who is there and who types (contract, section 14)."""

from typing import NamedTuple

from application.access.participants import Participants
from application.access.rate_limit import RateLimit
from application.ports.broker import Broker
from application.ports.clock import Clock
from application.ports.mailbox import Mailbox
from application.ports.relations import Relations
from application.ports.sessions import SessionRepository
from application.presence.exchange import PresenceExchange
from application.presence.local_users import LocalUsers
from application.presence.watches import Watches
from application.use_cases.tell_typing import TellTyping
from application.use_cases.watch_presence import WatchPresence
from domain.features import Feature, Features


class PresenceParts(NamedTuple):
    """The parts of one instance. `exchange` runs them."""

    users: LocalUsers
    exchange: PresenceExchange
    watches: Watches
    watch_presence: WatchPresence
    tell_typing: TellTyping
    is_needed: bool


def presence_parts(
    *,
    broker: Broker,
    mailbox: Mailbox,
    participants: Participants,
    sessions: SessionRepository,
    relations: Relations,
    clock: Clock,
    rate_limit: RateLimit,
    features: Features,
) -> PresenceParts:
    """The parts, of which each is ticked by `exchange`."""
    users = LocalUsers()
    exchange = PresenceExchange(broker, mailbox, users, clock)
    watches = Watches(exchange.whereabouts, clock)
    watch_presence = WatchPresence(participants, sessions, relations, watches, rate_limit)
    tell_typing = TellTyping(participants, sessions, relations, exchange.whereabouts, broker, clock, rate_limit)
    exchange.ticks = [watches.tick, tell_typing.tick]
    is_needed = Feature.TYPING in features or Feature.PRESENCE in features
    if not is_needed:
        users.on_change = lambda user: None  # nobody would take the changes away
    return PresenceParts(users, exchange, watches, watch_presence, tell_typing, is_needed)
