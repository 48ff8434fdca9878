"""Several instances that tell each other who is connected where, over a wire that a test cuts, and with its time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

from application.presence.local_users import LocalPresence, LocalUsers
from application.presence.signals import AnySignal, read_signal, write_signal
from application.presence.whereabouts import Whereabouts
from domain.rules.presence import Presence

TICK = 0.1
START = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Watching:
    """A watcher that notes what it would tell: each presence that differs from the one before."""

    def __init__(self, whereabouts: Whereabouts) -> None:
        self._whereabouts = whereabouts
        self.told: dict[str, list[Presence]] = {}
        self.calls = 0

    def changed(self, user: str) -> None:
        self.calls += 1
        presence = self._whereabouts.presence(user)
        told = self.told.setdefault(user, [])
        if presence is not None and told[-1:] != [presence]:
            told.append(presence)

    def states(self, user: str) -> list[str]:
        return [presence.state.value for presence in self.told.get(user, [])]


class Instance:
    """One instance. While it is not `alive`, it says and hears nothing."""

    def __init__(self, cluster: "Cluster", name: str) -> None:
        self.name = name
        self.users = LocalUsers(cluster.monotonic)
        self.whereabouts = Whereabouts(name, self.users, cluster, self._send, cluster.now_seconds)
        self.watching = Watching(self.whereabouts)
        self.connections: dict[str, list[LocalPresence]] = {}
        self.alive = self.is_linked = True
        self.sent: list[AnySignal] = []
        self._cluster = cluster

    def enter(self, user: str) -> LocalPresence:
        here = self.users.enter(user)
        self.connections.setdefault(user, []).append(here)
        return here

    def leave(self, user: str) -> None:
        self.connections[user].pop().leave()

    def watch(self, *users: str) -> None:
        for user in users:
            self.whereabouts.track(user, self.watching)

    def _send(self, signal: AnySignal, to: str | None) -> None:
        self.sent.append(signal)
        self._cluster.carry(self, signal, to)


class Cluster:
    """Instances, and the clock of all. `loss` of the signals get lost."""

    def __init__(self, names: str = "ab", loss: float = 0.0, seed: int = 0) -> None:
        self.now_seconds = 1_000.0
        self.loss = loss
        self._random = Random(seed)
        self._wire: list[tuple[Instance, str]] = []
        self.instances: dict[str, Instance] = {}
        for name in names:
            self.add(name)
        self.run(2)

    def monotonic(self) -> float:
        return self.now_seconds

    def now(self) -> datetime:
        return START + timedelta(seconds=self.now_seconds)

    def add(self, name: str) -> Instance:
        instance = self.instances[name] = Instance(self, name)
        instance.whereabouts.hello(self.now_seconds)
        return instance

    def kill(self, name: str) -> None:
        """As kill -9 does."""
        self.instances.pop(name).alive = False

    def stop(self, name: str) -> None:
        """In order: all connections end first."""
        instance = self.instances[name]
        for connections in instance.connections.values():
            while connections:
                connections.pop().leave()
        instance.whereabouts.goodbye()
        self.kill(name)

    def carry(self, sender: Instance, signal: AnySignal, to: str | None) -> None:
        if not sender.is_linked:
            return
        for instance in self.instances.values():
            if instance is not sender and to in (None, instance.name) and self._random.random() >= self.loss:
                self._wire.append((instance, write_signal(signal)))

    def run(self, seconds: float) -> None:
        """Lets time pass. Signals arrive in the tick after they were sent."""
        for _ in range(round(seconds / TICK)):
            self.now_seconds += TICK
            wire, self._wire = self._wire, []
            for instance, body in wire:
                signal = read_signal(body)
                assert signal is not None
                if instance.alive and instance.is_linked:
                    instance.whereabouts.receive(signal)
            for instance in self.living():
                instance.whereabouts.tick(self.now_seconds, is_linked=instance.is_linked)

    def living(self) -> Iterator[Instance]:
        yield from list(self.instances.values())
