"""What a connection is told of the people that it watches (contract, section 14)."""

import asyncio
from collections.abc import Callable

from adapters.stomp.services import StompServices
from application.commands import WatchCommand
from application.presence.watches import Watch
from domain.principal import Principal


class PresenceFeed:
    """The watch of one connection, from its first `chat.watch` on. `tell` gives the client an event, or returns False.

    The rights to it are checked again from time to time, as those to topics are.
    """

    __slots__ = ("_checked_at", "_checking", "_command", "_services", "_tell", "_watch")

    def __init__(self, services: StompServices, tell: Callable[[str], bool]) -> None:
        self._services = services
        self._tell = tell
        self._watch: Watch | None = None
        self._command: WatchCommand | None = None
        self._checked_at = 0.0
        self._checking: asyncio.Task[None] | None = None

    async def watch(self, principal: Principal, command: WatchCommand) -> None:
        """Watches the peers of these sessions instead of those before. Raises what `WatchPresence` raises."""
        watch = self._watch or Watch(self._tell)
        if self._checking is not None:
            self._checking.cancel()
        await self._services.presence.watch_presence(principal, command, watch)
        self._watch, self._command = watch, command

    def check(self, principal: Principal, now: float) -> None:
        """Tells what the client did not take, and checks the rights when this is due. `now` is monotonic."""
        if self._watch is None or self._command is None:
            return
        self._services.presence.watches.put_again(self._watch)
        is_checking = self._checking is not None and not self._checking.done()
        if not self._checked_at:
            self._checked_at = now
        if self._watch.peers and not is_checking and now - self._checked_at >= self._services.limits.recheck:
            self._checked_at = now
            again = self._services.presence.watch_presence.again(principal, self._command, self._watch)
            self._checking = asyncio.create_task(again, name="presence rights")

    def stop(self) -> None:
        """Ends the watch."""
        if self._checking is not None:
            self._checking.cancel()
        if self._watch is not None:
            self._services.presence.watches.close(self._watch)
