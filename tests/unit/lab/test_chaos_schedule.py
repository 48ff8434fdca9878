"""The schedule of a chaos run: the same for the same seed, every kind in turn, bounded."""

from collections import Counter

from chaos.schedule import ALL, QUIET_EVERY, FaultKind, Part, schedule

TARGETS = {Part.INSTANCE: 3, Part.BROKER: 3, Part.DATABASE: 1}


def test_a_seed_gives_one_schedule() -> None:
    assert schedule(7, 600, 70, TARGETS) == schedule(7, 600, 70, TARGETS)
    assert schedule(7, 600, 70, TARGETS) != schedule(8, 600, 70, TARGETS)


def test_every_kind_befalls_every_target_as_often_as_the_others() -> None:
    faults = schedule(1, 900, 90, TARGETS)
    assert Counter(fault.kind for fault in faults) == dict.fromkeys(ALL, 9)
    for part, number in TARGETS.items():
        targets = Counter(fault.target for fault in faults if fault.kind.part is part)
        assert set(targets) == set(range(number))
        assert max(targets.values()) - min(targets.values()) <= 1


def test_faults_are_in_order_bounded_and_leave_windows_of_health() -> None:
    faults = schedule(2, 600, 70, TARGETS)
    assert [fault.at for fault in faults] == sorted(fault.at for fault in faults)
    assert all(0 < fault.lasts <= 600 / 70 and fault.at + fault.lasts < 600 + 600 / 70 for fault in faults)
    assert sum(fault.quiet for fault in faults) == 70 / QUIET_EVERY


def test_a_run_may_be_of_one_kind_or_of_none() -> None:
    assert {fault.kind for fault in schedule(1, 20, 4, TARGETS, [FaultKind.KILL_BROKER])} == {FaultKind.KILL_BROKER}
    assert schedule(1, 20, 0, TARGETS) == []
