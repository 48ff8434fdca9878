"""The first part of the composition root: what an instance has of the world outside, and of its connections.

How to read it is said in `container.py`, and `deliveries.py` goes on with the way of a message.
"""

from dependency_injector import containers, providers

from adapters.caching.directory import CachedProfileDirectory
from adapters.caching.lookup import CachedProfileLookup
from adapters.flairbit.circuit import CircuitBreakingLookup
from adapters.stomp.connections import Connections
from adapters.stomp.hub import Hub
from adapters.stomp.waiting_room import WaitingRoom
from adapters.system.clock import SystemClock
from adapters.system.ids import Uuid7Generator
from application.access.confirmed_profiles import ConfirmedProfiles
from application.diagnostics.counters import Counters
from application.ports.broker import Broker
from application.ports.clock import Clock
from application.ports.ids import IdGenerator
from application.ports.profiles import ProfileDirectory, ProfileLookup
from application.ports.send_queue import SendQueue
from application.ports.tokens import TokenVerifier
from entrypoints import wiring
from entrypoints.credentials.digest_keys import sent_digests
from entrypoints.providing import singleton, use
from entrypoints.settings.model import Settings
from entrypoints.store import Store, open_store


class Ports(containers.DeclarativeContainer):
    """Settings, clock, store and broker; profiles and tokens; connections. Tests replace what they keep in memory."""

    # given from outside
    settings = providers.Dependency(instance_of=Settings)
    worker_place: providers.Provider[wiring.WorkerPlace | None] = providers.Object(None)

    # clock, ids, counters and store
    clock: providers.Provider[Clock] = singleton(SystemClock)
    ids: providers.Provider[IdGenerator] = singleton(Uuid7Generator)
    counters = singleton(Counters)
    digests = singleton(sent_digests, settings=use(settings))
    store: providers.Provider[Store] = singleton(
        open_store, settings=use(settings), clock=use(clock), digests=use(digests)
    )

    # profiles and tokens
    profile_ages = singleton(wiring.profile_ages, settings=use(settings))
    remembered: providers.Provider[ProfileDirectory] = singleton(
        CachedProfileDirectory,
        directory=use(store).directory,
        clock=use(clock),
        ttl=use(settings).profile_cache_ttl,
        size=use(settings).profile_cache_size,
    )
    flairbit = singleton(wiring.flairbit, settings=use(settings), clock=use(clock))
    circuit = singleton(
        CircuitBreakingLookup,
        lookup=use(flairbit),
        clock=use(clock),
        fail_max=use(settings).circuit_failures,
        open_for=use(settings).circuit_open,
    )
    lookup: providers.Provider[ProfileLookup] = singleton(
        wiring.lookup, settings=use(settings), flairbit=use(circuit), directory=use(store).directory
    )
    profiles = singleton(
        CachedProfileLookup,
        lookup=use(lookup),
        directory=use(remembered),
        clock=use(clock),
        ttl=use(profile_ages).looked_up,
        size=use(settings).profile_cache_size,
        negative_ttl=use(profile_ages).missing,
    )
    directory = singleton(ConfirmedProfiles, directory=use(remembered), lookup=use(profiles))
    keys = singleton(wiring.user_keys, settings=use(settings), clock=use(clock))
    tokens: providers.Provider[TokenVerifier] = singleton(
        wiring.tokens, settings=use(settings), keys=use(keys), directory=use(remembered), clock=use(clock)
    )

    # connections, and deliveries to them
    connections = singleton(
        Connections,
        max_connections=use(settings).max_connections,
        max_connections_per_user=use(settings).max_connections_per_user,
        watch_interval=use(singleton(wiring.watch_interval, settings=use(settings))),
    )
    waiting_room = singleton(
        WaitingRoom,
        max_unauthenticated=use(settings).max_unauthenticated,
        max_unauthenticated_per_address=use(settings).max_unauthenticated_per_address,
    )
    broker: providers.Provider[Broker] = singleton(
        wiring.broker,
        settings=use(settings),
        connections=use(connections),
        counters=use(counters),
        worker_place=use(worker_place),
        clock=use(clock),
    )
    hub = singleton(Hub, listening=use(broker))
    send_queue: providers.Provider[SendQueue | None] = singleton(
        wiring.send_queue, settings=use(settings), clock=use(clock)
    )
