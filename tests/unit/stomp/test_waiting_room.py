"""The room for clients before their CONNECT."""

import pytest

from adapters.stomp import waiting_room
from adapters.stomp.waiting_room import HANDSHAKE, NoRoom, Place, WaitingRoom


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def room(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> WaitingRoom:
    monkeypatch.setattr(waiting_room, "monotonic", clock)
    return WaitingRoom(max_unauthenticated=4, max_unauthenticated_per_address=2)


def enter(room: WaitingRoom, address: str, evicted: list[Place]) -> Place:
    place = room.enter(address)
    place.on_evict(lambda: evicted.append(place))
    return place


def test_one_address_does_not_take_the_room_of_others(room: WaitingRoom) -> None:
    for _ in range(2):
        room.enter("a")
    with pytest.raises(NoRoom):
        room.enter("a")
    room.enter("b")
    assert len(room) == 3


def test_the_oldest_gives_way_after_the_time_of_a_handshake(room: WaitingRoom, clock: Clock) -> None:
    evicted: list[Place] = []
    first, second = enter(room, "a", evicted), enter(room, "a", evicted)
    clock.now = HANDSHAKE
    third = enter(room, "a", evicted)
    assert evicted == [first]
    clock.now *= 2
    enter(room, "a", evicted)
    assert evicted == [first, second]
    clock.now -= HANDSHAKE / 2
    with pytest.raises(NoRoom):
        room.enter("a")
    assert third not in evicted


def test_the_whole_room_is_bounded_too(room: WaitingRoom, clock: Clock) -> None:
    evicted: list[Place] = []
    places = [enter(room, address, evicted) for address in "abcd"]
    with pytest.raises(NoRoom):
        room.enter("e")
    clock.now = HANDSHAKE
    room.enter("e")
    assert evicted == places[:1]


def test_a_client_that_left_is_never_evicted(room: WaitingRoom, clock: Clock) -> None:
    evicted: list[Place] = []
    first, second = enter(room, "a", evicted), enter(room, "a", evicted)
    first.leave()
    first.leave()
    enter(room, "a", evicted)
    clock.now = HANDSHAKE
    enter(room, "a", evicted)
    assert evicted == [second]
    assert len(room) == 2


def test_an_empty_room_keeps_nothing(room: WaitingRoom) -> None:
    room.enter("a").leave()
    assert (len(room), room._of_address) == (0, {})
