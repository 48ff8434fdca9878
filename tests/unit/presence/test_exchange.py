"""The exchange of an instance, and what there is without the features that need it."""

import pytest

from adapters.memory.broker import InProcessBroker, InProcessExchange
from tests.support.eventually import eventually
from tests.support.memory.service import Service
from tests.unit.presence.cluster import Watching


async def test_instances_on_one_broker_know_of_each_other() -> None:
    exchange = InProcessExchange()
    services = [Service(InProcessBroker(exchange)) for _ in range(2)]
    one, other = [service.container.presence() for service in services]
    for service, presence in zip(services, (one, other), strict=True):
        await service.start(service.container.present_push())
        presence.exchange.start()
    await eventually(lambda: len(one.exchange.whereabouts.members) == len(other.exchange.whereabouts.members) == 1)
    watching = Watching(one.exchange.whereabouts)
    one.exchange.whereabouts.track("ann", watching)
    await eventually(lambda: watching.states("ann") == ["offline"])
    other.users.enter("ann")
    await eventually(lambda: watching.states("ann") == ["offline", "online"])
    one.exchange.missed()
    await other.exchange.stop()
    await eventually(lambda: not one.exchange.whereabouts.members)
    await one.exchange.stop()
    for service in services:
        await service.stop()


@pytest.mark.parametrize(("features", "is_needed"), [(("none",), False), (("edit",), False), (("typing",), True)])
async def test_without_the_features_nothing_is_kept(features: tuple[str, ...], is_needed: bool) -> None:
    presence = Service(InProcessBroker(), changes={"features": features}).container.presence()
    assert presence.is_needed == is_needed
    for number in range(10):
        presence.users.enter(f"user{number}").leave()
    assert bool(presence.exchange.whereabouts._changes) == is_needed
