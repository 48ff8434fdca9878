"""Who is where: asked once, told at each change, right again after losses, deaths and restarts."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.presence.signals import Ask, Beacon, Changed, read_signal
from application.presence.whereabouts import Where
from domain.rules.presence import State
from tests.unit.presence.cluster import Cluster


def test_a_user_elsewhere_is_found_and_its_changes_are_told_once() -> None:
    cluster = Cluster()
    a, b = cluster.instances["a"], cluster.instances["b"]
    ann = b.enter("ann")
    a.watch("ann", "bob")
    cluster.run(0.5)
    assert (a.watching.states("ann"), a.watching.states("bob")) == (["online"], ["offline"])
    assert (a.whereabouts.where("ann"), a.whereabouts.where("bob")) == (Where.ELSEWHERE, Where.NOWHERE)
    ann.become(State.AWAY)
    cluster.run(0.5)
    a.enter("ann")
    cluster.run(0.5)
    b.leave("ann")
    cluster.run(0.5)
    assert a.whereabouts.where("ann") is Where.HERE
    assert a.watching.states("ann") == ["online", "away", "online"]


def test_a_reconnect_within_the_grace_is_not_seen() -> None:
    cluster = Cluster("abc")
    a, b, c = (cluster.instances[name] for name in "abc")
    b.enter("ann")
    a.watch("ann")
    cluster.run(1)
    for here, there in ((b, c), (c, a), (a, b)):
        here.leave("ann")
        cluster.run(19)
        there.enter("ann")
        cluster.run(1)
    assert a.watching.states("ann") == ["online"]
    b.leave("ann")
    cluster.run(19.5)
    assert a.watching.states("ann") == ["online"]
    cluster.run(1.5)
    assert a.watching.states("ann") == ["online", "offline"]
    seen_at = a.watching.told["ann"][-1].last_seen_at
    assert seen_at is not None
    assert (seen_at.second, seen_at.microsecond) == (0, 0)
    assert 0 <= (cluster.now() - seen_at).total_seconds() - 21 < 60


def test_who_begins_to_watch_within_the_grace_or_later_learns_when_the_user_left() -> None:
    cluster = Cluster()
    a, b = cluster.instances["a"], cluster.instances["b"]
    b.enter("ann")
    b.leave("ann")
    cluster.run(10)
    a.watch("ann")
    cluster.run(1)
    assert a.watching.states("ann") == ["online"]
    cluster.run(9.5)
    assert a.watching.states("ann") == ["online", "offline"]
    b.watch("ann")
    cluster.run(0.3)
    assert b.watching.told["ann"][-1].last_seen_at == a.watching.told["ann"][-1].last_seen_at is not None


def test_a_killed_instance_takes_its_people_offline_within_a_minute() -> None:
    cluster = Cluster("abc")
    a, b, c = (cluster.instances[name] for name in "abc")
    for user in ("ann", "bob", "cal"):
        b.enter(user)
    a.watch("ann", "bob", "cal")
    cluster.run(30)
    cluster.kill("b")
    cluster.run(5)
    c.enter("bob")
    cluster.run(15)
    assert a.watching.states("ann") == ["online"]
    cluster.run(35)
    assert a.watching.states("ann") == a.watching.states("cal") == ["online", "offline"]
    assert a.watching.states("bob") == ["online"]
    assert a.whereabouts.members == {"c"}


def test_a_stop_in_order_and_a_reconnect_elsewhere_is_not_seen() -> None:
    cluster = Cluster("abc")
    a, c = cluster.instances["a"], cluster.instances["c"]
    for user in ("ann", "bob"):
        cluster.instances["b"].enter(user)
    a.watch("ann", "bob")
    cluster.run(30)
    cluster.stop("b")
    cluster.run(3)
    c.enter("ann")
    cluster.run(15)
    assert (a.watching.states("ann"), a.watching.states("bob")) == (["online"], ["online"])
    cluster.run(5)
    assert (a.watching.states("ann"), a.watching.states("bob")) == (["online"], ["online", "offline"])


def test_a_watcher_that_comes_back_before_its_peer_does_not_see_a_rolling_restart() -> None:
    cluster = Cluster("abc")
    b, c = cluster.instances["b"], cluster.instances["c"]
    b.enter("ann")
    b.watch("ann")
    cluster.run(5)
    cluster.stop("b")
    cluster.run(3)
    c.watch("ann")
    cluster.run(5)
    c.enter("ann")
    cluster.run(30)
    assert c.watching.states("ann") == ["online"]


def test_a_restart_is_not_seen_when_nobody_watched_elsewhere() -> None:
    cluster = Cluster("ab")
    b = cluster.instances["b"]
    b.enter("ann")
    b.enter("bob")
    b.watch("ann", "bob")
    cluster.run(60)
    for user in ("ann", "bob"):
        b.leave(user)
        cluster.run(1)
    cluster.stop("b")
    cluster.run(3)
    a = cluster.instances["a"]
    a.enter("bob")
    a.watch("ann", "bob")
    cluster.run(5)
    a.enter("ann")
    cluster.run(30)
    assert (a.watching.states("ann"), a.watching.states("bob")) == (["online"], ["online"])


def test_a_broker_that_is_away_takes_nobody_offline() -> None:
    cluster = Cluster()
    a, b = cluster.instances["a"], cluster.instances["b"]
    b.enter("ann")
    a.watch("ann", "bob")
    cluster.run(1)
    a.is_linked = b.is_linked = False
    cluster.run(300)
    b.enter("bob")
    cluster.run(1)
    assert a.watching.states("ann") == ["online"]
    a.is_linked = b.is_linked = True
    cluster.run(61)
    assert (a.watching.states("ann"), a.watching.states("bob")) == (["online"], ["offline", "online"])


def test_a_process_that_was_stopped_believes_nobody_dead() -> None:
    cluster = Cluster()
    a, b = cluster.instances["a"], cluster.instances["b"]
    b.enter("ann")
    a.watch("ann")
    cluster.run(1)
    cluster.now_seconds += 300
    cluster.run(1)
    assert a.watching.states("ann") == ["online"]


def test_nothing_is_told_that_nobody_watches() -> None:
    cluster = Cluster("abc")
    cluster.run(60)
    b = cluster.instances["b"]
    b.sent.clear()
    for number in range(1_000):
        b.enter(f"user{number}")
        b.leave(f"user{number}")
    cluster.run(60)
    assert {type(signal) for signal in b.sent} == {Beacon}
    assert len(b.sent) <= 7
    cluster.instances["a"].watch("ann")
    cluster.run(1)
    b.enter("ann")
    cluster.run(1)
    assert cluster.instances["a"].watching.states("ann") == ["offline", "online"]


def test_a_new_instance_tells_who_connects_though_it_knows_of_no_watcher() -> None:
    cluster = Cluster()
    a = cluster.instances["a"]
    a.watch("ann")
    cluster.run(120)
    c = cluster.add("c")
    c.enter("ann")
    cluster.run(0.4)
    assert a.watching.states("ann") == ["offline", "online"]


def test_many_changes_share_signals() -> None:
    cluster = Cluster()
    a, b = cluster.instances["a"], cluster.instances["b"]
    users = [f"user{number}" for number in range(2_500)]
    a.watch(*users)
    cluster.run(1)
    assert len([signal for signal in a.sent if isinstance(signal, Ask)]) <= 3 + 1_000 / 60
    b.sent.clear()
    for user in users:
        b.enter(user)
    cluster.run(0.2)
    assert [len(signal.here) for signal in b.sent if isinstance(signal, Changed)] == [1_000, 1_000, 500]
    assert all(a.watching.states(user) == ["offline", "online"] for user in users)


def test_a_single_instance_knows_at_once() -> None:
    cluster = Cluster("a")
    a = cluster.instances["a"]
    a.enter("ann")
    a.watch("ann", "bob")
    assert (a.watching.states("ann"), a.watching.states("bob")) == (["online"], ["offline"])
    assert a.whereabouts.where("ann") is Where.HERE


def test_who_is_watched_no_more_is_forgotten() -> None:
    cluster = Cluster()
    a = cluster.instances["a"]
    a.watch("ann")
    cluster.run(1)
    for _ in range(2):
        a.whereabouts.untrack("ann", a.watching)
    assert a.whereabouts.presence("ann") is None
    assert a.whereabouts.where("ann") is None
    cluster.instances["b"].enter("ann")
    cluster.run(1)
    assert a.watching.states("ann") == ["offline"]


def test_the_grace_ends_whatever_the_rounding_of_times() -> None:
    for tenth in range(200):
        cluster = Cluster()
        a, b = cluster.instances["a"], cluster.instances["b"]
        a.watch("ann")
        b.enter("ann")
        cluster.run(tenth / 10 + 1)
        cluster.stop("b")
        cluster.run(25)
        assert a.watching.states("ann")[-1] == "offline", tenth


USERS = ("ann", "bob", "cal")
STEPS = st.lists(
    st.tuples(st.sampled_from(["enter", "leave", "away", "wait", "stop", "kill"]), st.integers(0, 8)), max_size=25
)


@settings(max_examples=60, deadline=None)
@given(STEPS, st.sampled_from([0.0, 0.2, 0.6]), st.integers(0, 1_000))
def test_whatever_happened_all_instances_know_it_in_the_end(
    steps: list[tuple[str, int]], loss: float, seed: int
) -> None:
    cluster = Cluster("abc", loss, seed)
    new = iter("defghijklmnopqrstuvwxyz0123456789")
    for instance in cluster.living():
        instance.watch(*USERS)
    for step, number in steps:
        instance, user = list(cluster.living())[number % 3], USERS[number // 3]
        match step:
            case "enter":
                instance.enter(user)
            case "leave" if instance.connections.get(user):
                instance.leave(user)
            case "away" if instance.connections.get(user):
                instance.connections[user][-1].become(State.AWAY)
            case "wait":
                cluster.run(number * 3)
            case "stop" | "kill":
                (cluster.stop if step == "stop" else cluster.kill)(instance.name)
                cluster.add(next(new)).watch(*USERS)
    cluster.run(60)
    cluster.loss = 0.0
    cluster.run(125)
    for user in USERS:
        states = {instance.users.state_of(user) for instance in cluster.living()} - {None}
        expected = State.OFFLINE if not states else State.ONLINE if State.ONLINE in states else State.AWAY
        for instance in cluster.living():
            assert instance.watching.states(user)[-1] == expected
            where = instance.whereabouts.where(user)
            assert (where is Where.NOWHERE) == (not states)


@pytest.mark.parametrize("body", ["", "{}", "[]", '["beacon"]', '["later", "x"]', '["ask", "x", "y", []]'])
def test_signals_of_other_versions_are_ignored(body: str) -> None:
    assert read_signal(body) is None
