"""What a connection is told of the people that it watches: each change once, and the last state when late."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

import msgspec
import pytest

from application.presence import watches as watches_module
from application.presence.watches import MAX_TOLD, Peer, Watch, Watches
from domain.errors import Overloaded
from domain.identifiers import Email, ProfileId
from domain.rules.presence import State
from domain.rules.telling import BlockedViewer, Relation
from tests.unit.presence.cluster import TICK, Cluster

OPEN = Relation()


def peer(user: str, intent: str = "friends", relation: Relation = OPEN) -> Peer:
    return Peer(ProfileId(uuid5(UUID(int=0), f"{intent} {user}")), Email(user), relation)


class Client:
    """Takes events while it `reads`."""

    def __init__(self, place: "Place") -> None:
        self.reads = True
        self.events: list[dict[str, Any]] = []
        self.watch = Watch(self._take)
        self._place = place

    def watches(self, *peers: Peer) -> None:
        self._place.watches.replace(self.watch, peers)

    def states(self) -> list[str]:
        return [event["state"] for event in self.events]

    def _take(self, body: str) -> bool:
        if self.reads:
            self.events.append(msgspec.json.decode(body))
        return self.reads


class Place:
    """One instance with its watches."""

    def __init__(self) -> None:
        self.cluster = Cluster("a")
        self.instance = self.cluster.instances["a"]
        self.watches = Watches(self.instance.whereabouts, self.cluster)
        self.run(TICK)

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / TICK)):
            self.cluster.run(TICK)
            self.watches.tick(self.cluster.now_seconds)


@pytest.fixture
def place() -> Place:
    return Place()


def test_a_change_is_told_once_under_each_profile(place: Place) -> None:
    client = Client(place)
    client.watches(peer("ann"), peer("ann", "business"), peer(""))
    place.run(TICK)
    assert client.states() == ["offline"] * 3
    place.instance.enter("ann")
    place.run(TICK)
    assert client.states()[3:] == ["online", "online"]
    assert len({event["profileId"] for event in client.events[3:]}) == 2
    place.instance.enter("ann")
    place.run(5)
    assert len(client.events) == 5


def test_a_user_that_flaps_is_told_once_a_second(place: Place) -> None:
    client = Client(place)
    client.watches(peer("ann"))
    here = place.instance.enter("ann")
    place.run(2)
    client.events.clear()
    for _ in range(50):
        here.become(State.AWAY)
        place.run(TICK)
        here.become(State.ONLINE)
        place.run(TICK)
    assert len(client.events) <= 11
    here.become(State.AWAY)
    place.run(2)
    assert client.states()[-1] == "away"


def test_only_so_many_are_told_in_a_tick(place: Place) -> None:
    clients = [Client(place) for _ in range(30)]
    users = [peer(f"user{number}") for number in range(100)]
    for client in clients:
        client.watches(*users)
    told = []
    for _ in range(8):
        before = sum(len(client.events) for client in clients)
        place.run(TICK)
        told.append(sum(len(client.events) for client in clients) - before)
    assert told == [MAX_TOLD] * 6 + [0, 0]
    assert place.watches.waiting == 0


def test_what_changes_back_while_it_waits_is_not_told(place: Place) -> None:
    client = Client(place)
    client.watches(peer("ann"))
    place.run(2)
    here = place.instance.enter("ann")
    here.become(State.AWAY)
    here.become(State.ONLINE)
    place.run(2)
    assert client.states() == ["offline", "online"]


def test_a_client_without_room_gets_the_last_state_later(place: Place) -> None:
    client = Client(place)
    client.watches(peer("ann"), peer("bob"))
    place.run(2)
    client.reads = False
    here = place.instance.enter("ann")
    place.run(2)
    here.become(State.AWAY)
    place.run(2)
    client.reads = True
    place.run(2)
    assert client.states() == ["offline"] * 2
    place.watches.put_again(client.watch)
    place.run(TICK)
    assert client.states() == ["offline", "offline", "away"]


def test_rights_that_change_change_what_is_told(place: Place) -> None:
    client = Client(place)
    place.instance.enter("ann")
    client.watches(peer("ann"), peer("bob"))
    place.run(2)
    hidden = peer("ann", relation=Relation(subject_shows=False))
    place.watches.replace(client.watch, [hidden, peer("bob")], all_of_them=False)
    place.run(2)
    assert client.states() == ["online", "offline", "offline"]
    place.instance.leave("ann")
    place.run(30)
    place.instance.enter("ann")
    place.run(2)
    assert len(client.events) == 3
    assert not any("lastSeenAt" in event for event in client.events)


def test_a_block_is_told_later_as_offline_since_the_hour(place: Place) -> None:
    client = Client(place)
    place.instance.enter("ann")
    client.watches(peer("ann"))
    place.run(2)
    now = place.cluster.now()
    blocked = Relation(blocked=BlockedViewer(now, now + timedelta(seconds=30)))
    for _ in range(2):
        place.watches.replace(client.watch, [peer("ann", relation=blocked)], all_of_them=False)
        place.run(5)
    assert client.states() == ["online"], "as if nothing had happened"
    place.run(25)
    assert client.states() == ["online", "offline"]
    assert client.events[-1]["lastSeenAt"] == now.replace(minute=0, second=0, microsecond=0).isoformat().replace(
        "+00:00", "Z"
    )
    place.instance.leave("ann")
    place.run(30)
    place.instance.enter("ann")
    place.run(2)
    assert len(client.events) == 2
    client.watches(peer("ann", relation=blocked))
    place.run(2)
    assert client.events[-1]["lastSeenAt"] == client.events[1]["lastSeenAt"], "the same when it is asked again"
    place.watches.replace(client.watch, [peer("ann")], all_of_them=False)
    place.run(2)
    assert client.states()[-1] == "online"
    assert not place.watches._hiding


def test_nothing_is_left_of_a_watch_that_ends(place: Place) -> None:
    client = Client(place)
    client.watches(peer("ann"), peer("bob"))
    place.watches.close(client.watch)
    place.run(2)
    place.instance.enter("ann")
    place.run(2)
    assert client.events == []
    assert place.instance.whereabouts.presence("ann") is None
    assert place.watches._count == 0


def test_there_is_room_for_so_many(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watches_module, "MAX_WATCHED", 3)
    one, other = Client(place), Client(place)
    one.watches(peer("ann"), peer("bob"))
    place.watches.check_room(one.watch, 3)
    place.watches.check_room(other.watch, 1)
    with pytest.raises(Overloaded):
        place.watches.check_room(other.watch, 2)
