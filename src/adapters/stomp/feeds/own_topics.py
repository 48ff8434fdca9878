"""What only this user is given on topics: its own messages that are withheld from the other one (contract, section 16).

They come on a queue of the user, so that no instance has to keep them from the other one's subscriptions.
"""

from collections.abc import Awaitable, Sequence

from adapters.stomp.feeds.feed import LiveFeed
from adapters.stomp.hub import Hub, head_of_topic
from application.ports.push import Delivery
from domain.identifiers import SessionId


class OwnTopics:
    """The subscriber of that queue for the topics of one connection."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._destination = ""
        self._feeds: dict[SessionId, dict[LiveFeed, None]] = {}

    def add(self, feed: LiveFeed, session_id: SessionId, destination: str) -> Awaitable[None] | None:
        """Gives `feed` what comes to `destination`, the user's queue, for this session. See `Hub.add`."""
        is_first = not self._feeds
        self._feeds.setdefault(session_id, {})[feed] = None
        if not is_first:
            return None
        self._destination = destination
        return self._hub.add(destination, self)

    def remove(self, feed: LiveFeed, session_id: SessionId) -> None:
        """Gives `feed` nothing more. Idempotent."""
        feeds = self._feeds.get(session_id)
        if feeds is None or feed not in feeds:
            return
        del feeds[feed]
        if not feeds:
            del self._feeds[session_id]
        if not self._feeds:
            self._hub.remove(self._destination, self)

    def deliver(self, delivery: Delivery, head: str) -> None:
        """See `Subscriber.deliver`. The client sees the topic as the destination."""
        if delivery.message is not None:
            for feed in tuple(self._feeds.get(delivery.message.session_id, ())):
                feed.deliver(delivery, head_of_topic(delivery))

    def overrun(self, dropped: Sequence[Delivery]) -> None:
        """See `Subscriber.overrun`."""
        for session_id, feeds in tuple(self._feeds.items()):
            mine = [
                delivery
                for delivery in dropped
                if delivery.message is not None and delivery.message.session_id == session_id
            ]
            for feed in tuple(feeds) if mine else ():
                feed.overrun(mine)

    def missed(self) -> None:
        """See `Subscriber.missed`."""
        for feeds in tuple(self._feeds.values()):
            for feed in tuple(feeds):
                feed.missed()
