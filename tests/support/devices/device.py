"""A device: a connection to `/user/queue/events` that is cut and resumed, and what it keeps."""

from itertools import count
from typing import Any

import msgspec

from tests.support.devices.kept import Json, Kept
from tests.support.eventually import eventually
from tests.support.memory.stomp_chat import Client

EVENTS = "/user/queue/events"


class Device:
    """What came on its connection is `arrived`; it takes that in any order, and keeps it in `kept`.

    `token` is where it resumes: the position that came with the last event before the first one that it has not taken.
    """

    def __init__(self, email: str) -> None:
        self.kept = Kept(email)
        self.client: Client | None = None
        self.token: str | None = None
        self.late: list[Json] = []  # of connections that are gone: it may take them at any time
        self._arrived: list[tuple[Json, str | None]] = []
        self._taken: set[int] = set()
        self._read = 0  # frames of the client

    @property
    def untaken(self) -> list[int]:
        """The numbers of the events that arrived and are not taken."""
        self._arrive()
        return [number for number in range(len(self._arrived)) if number not in self._taken]

    async def connect(self, client: Client) -> None:
        """Subscribes, and resumes after the token. Returns when `ready` has come."""
        self.client, self._read, self._arrived, self._taken = client, 0, [], set()
        headers = {} if self.token is None else {"resume_after": self.token}
        await client.subscribe(EVENTS, **headers)
        await eventually(self._is_ready)
        if any(event["type"] == "reset" for event, _ in self._arrived):
            self._begin_anew()

    def take(self, which: int) -> None:
        """Takes one of the events that arrived."""
        if untaken := self.untaken:
            self._take(untaken[which % len(untaken)])

    def take_again(self, which: int) -> None:
        """Takes one of the events once more."""
        if self._taken:
            number = sorted(self._taken)[which % len(self._taken)]
            self.kept.take(self._arrived[number][0])

    def take_late(self, which: int) -> None:
        """Takes an event of a connection that is gone."""
        if self.late:
            self.kept.take(self.late.pop(which % len(self.late)))

    def take_all(self) -> None:
        """Takes the events that arrived, in order."""
        for number in self.untaken:
            self._take(number)

    async def cut(self) -> None:
        """Loses the connection. What was not taken may come late, and is told again."""
        assert self.client is not None, "it is connected"
        self._arrive()
        self.late += [self._arrived[number][0] for number in self.untaken]
        self.client.reads = True
        self.client.hang_up()
        await self.client.ended()
        self.client = None

    def take_page(self, changes: list[Json], token: str) -> None:
        """Takes a page of `GET /api/chat/sync`."""
        for event in changes:
            self.kept.take(event)
        self.token = token

    def _take(self, number: int) -> None:
        self._taken.add(number)
        self.kept.take(self._arrived[number][0])
        self._move_on()

    def _begin_anew(self) -> None:
        """Takes all up to `ready`, and drops what was not told again."""
        self.late.clear()
        told = Kept(self.kept.email)
        for number, (event, _) in enumerate(self._arrived):
            self._take(number)
            told.take(event)
            if event["type"] == "ready":
                break
        self.kept.keep_only(set(told.sessions), set(told.messages))

    def _move_on(self) -> None:
        """Moves the token on to the last position before which everything is taken."""
        for number in count():
            if number not in self._taken:
                break
            self.token = self._arrived[number][1] or self.token

    def _is_ready(self) -> bool:
        self._arrive()
        return any(event["type"] == "ready" for event, _ in self._arrived)

    def _arrive(self) -> None:
        if self.client is None:
            return
        frames = self.client.frames
        for frame in frames[self._read :]:
            if frame.command == "MESSAGE":
                event: dict[str, Any] = msgspec.json.decode(frame.body)
                sync = event["sync"] if event["type"] == "ready" else frame.headers.get("sync")
                self._arrived.append((event, sync))
        self._read = len(frames)
