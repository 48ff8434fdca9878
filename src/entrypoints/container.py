"""The composition root: which adapter stands behind each port. The only place that knows dependency-injector."""

from collections.abc import Sequence
from datetime import timedelta

from dependency_injector import containers, providers

from adapters.caching.directory import CachedProfileDirectory
from adapters.caching.lookup import CachedProfileLookup
from adapters.flairbit.circuit import CircuitBreakingLookup
from adapters.stomp.connections import Connections
from adapters.stomp.hub import Hub
from adapters.stomp.protocol.limits import SessionLimits
from adapters.stomp.services import ConnectionLimits, StompServices
from adapters.stomp.waiting_room import WaitingRoom
from adapters.system.clock import SystemClock
from adapters.system.ids import Uuid7Generator
from application.access.confirmed_profiles import ConfirmedProfiles
from application.access.participants import Participants
from application.access.personal_lookups import PersonalLookups
from application.access.rate_limit import RateLimit
from application.access.read_limit import ReadLimit
from application.concurrency.batcher import Batcher
from application.concurrency.write_behind import WriteBehind
from application.delivery.delivered_receipts import DeliveredReceipts
from application.delivery.message_intake import MessageIntake
from application.delivery.outbox_relay import DispatchSettings, OutboxDispatcher
from application.delivery.replay import Replay
from application.diagnostics.counters import Counters
from application.use_cases.init_session import InitSession
from application.use_cases.list_sessions import ListSessions
from application.use_cases.mark_delivered import MarkDelivered
from application.use_cases.mark_seen import MarkSeen
from application.use_cases.read_history import ReadHistory
from application.use_cases.read_unread import ReadUnread
from application.use_cases.send_message import SendMessage
from application.use_cases.submitted_sends import SubmittedSends
from domain.identifiers import MessageId
from domain.outbox import RetryPolicy
from entrypoints import wiring
from entrypoints.observability.delivery_times import DeliveryTimes
from entrypoints.observability.http_times import HttpTimes
from entrypoints.observability.loop_lag import LoopLag
from entrypoints.observability.metrics import ServiceMetrics
from entrypoints.observability.runtime_metrics import RuntimeMetrics
from entrypoints.observability.worker_metrics import NoSiblings
from entrypoints.settings.model import Settings
from entrypoints.store import open_store

ACKS_IN_ONE_TRANSACTION = 64


def _duration(value: float) -> timedelta:
    return timedelta(seconds=value)


class Container(containers.DeclarativeContainer):
    """One instance of the service. Nothing is opened before it is asked for."""

    settings = providers.Dependency(instance_of=Settings)
    given = settings.provided

    clock = providers.Singleton(SystemClock)
    ids = providers.Singleton(Uuid7Generator)
    counters = providers.Singleton(Counters)
    delivery_times = providers.Singleton(DeliveryTimes)

    store = providers.Singleton(open_store, settings)
    sessions = store.provided.sessions
    messages = store.provided.messages
    outbox = store.provided.outbox
    profile_ages = providers.Callable(wiring.profile_ages, settings)
    remembered = providers.Singleton(
        CachedProfileDirectory,
        store.provided.directory,
        clock,
        ttl=given.profile_cache_ttl,
        size=given.profile_cache_size,
    )

    flairbit = providers.Singleton(wiring.flairbit, settings, clock)
    circuit = providers.Singleton(
        CircuitBreakingLookup, flairbit, clock, fail_max=given.circuit_failures, open_for=given.circuit_open
    )
    profiles = providers.Singleton(
        CachedProfileLookup,
        providers.Callable(wiring.lookup, settings, circuit, store.provided.directory),
        remembered,
        clock,
        ttl=profile_ages.provided.looked_up,
        size=given.profile_cache_size,
        negative_ttl=providers.Callable(wiring.negative_ttl, settings),
    )
    directory = providers.Singleton(ConfirmedProfiles, remembered, profiles)
    keys = providers.Singleton(wiring.user_keys, settings, clock)
    verifier = providers.Singleton(wiring.token_verifier, settings, keys, clock)
    tokens = providers.Singleton(wiring.remembering, settings, verifier, remembered, clock)
    hub = providers.Singleton(Hub)
    connections = providers.Singleton(
        Connections,
        max_open=given.max_connections,
        max_per_user=given.max_connections_per_user,
        watch_interval=providers.Callable(wiring.watch_interval, settings),
    )
    waiting_room = providers.Singleton(
        WaitingRoom,
        max_waiting=given.max_unauthenticated,
        max_per_address=given.max_unauthenticated_per_address,
    )
    worker_place: providers.Object[wiring.WorkerPlace | None] = providers.Object(None)
    broker = providers.Singleton(wiring.broker, settings, connections, counters, worker_place)
    send_queue = providers.Singleton(wiring.send_queue, settings)

    participants = providers.Singleton(
        Participants,
        sessions,
        profiles,
        directory,
        clock,
        given.session_cache_size,
        max_age=profile_ages.provided.derived,
    )
    retries = providers.Factory(
        RetryPolicy, given.outbox_max_tries, providers.Factory(_duration, given.outbox_max_backoff)
    )
    dispatcher = providers.Singleton(
        OutboxDispatcher,
        outbox,
        broker,
        directory,
        counters,
        retries,
        providers.Factory(
            DispatchSettings,
            poll_interval=given.outbox_poll,
            claim=providers.Factory(_duration, given.outbox_claim),
            eager_claim=providers.Factory(_duration, given.outbox_eager_claim),
            claim_size=given.outbox_claim_size,
            retention=providers.Factory(_duration, given.outbox_retention),
        ),
    )
    intake = providers.Singleton(
        MessageIntake,
        messages,
        dispatcher,
        ids,
        clock,
        counters,
        max_batch=given.max_batch,
        max_pending=given.max_pending_sends,
        at_once=providers.Callable(wiring.batches_at_once, given.database_pool_size),
        patience=given.database_timeout,
        max_wait=given.max_wait,
    )
    delivered_receipts = providers.Singleton(DeliveredReceipts, messages, participants, broker, clock)
    mark_delivered = providers.Singleton(MarkDelivered, messages, delivered_receipts.provided.note)
    delivered = providers.Singleton(WriteBehind[MessageId], "delivered marks", mark_delivered)
    acks = providers.Singleton(
        Batcher[Sequence[MessageId], None],
        "acks",
        mark_delivered.provided.durably,
        max_batch=ACKS_IN_ONE_TRANSACTION,
        max_pending=given.max_pending_sends,
    )
    rate_limit = providers.Singleton(RateLimit, clock, given.rate_limit, given.rate_burst)

    init_rate_limit = providers.Singleton(RateLimit, clock, given.init_rate_limit, given.init_rate_burst)
    read_rate_limit = providers.Singleton(RateLimit, clock, given.read_rate_limit, given.read_rate_burst)
    read_limit = providers.Singleton(ReadLimit, read_rate_limit, given.max_reads_at_once)
    subscribe_rate_limit = providers.Singleton(RateLimit, clock, given.subscribe_rate_limit, given.subscribe_rate_burst)
    seen_rate_limit = providers.Singleton(RateLimit, clock, given.seen_rate_limit, given.seen_rate_burst)

    personal_lookups = providers.Singleton(PersonalLookups, profiles)
    init_session = providers.Singleton(InitSession, personal_lookups, directory, sessions, ids, clock, init_rate_limit)
    list_sessions = providers.Singleton(ListSessions, personal_lookups, directory, sessions, read_limit)
    send_message = providers.Singleton(SendMessage, participants, intake, rate_limit, ids)
    submitted_sends = providers.Singleton(
        SubmittedSends,
        send_message,
        broker,
        clock,
        max_body=given.max_frame_bytes,
        max_age=given.held_send_max_age,
    )
    read_history = providers.Singleton(ReadHistory, participants, messages, read_limit)
    read_unread = providers.Singleton(ReadUnread, participants, messages, read_limit)
    mark_seen = providers.Singleton(MarkSeen, participants, messages, broker, clock, seen_rate_limit)
    replay = providers.Singleton(
        Replay,
        participants,
        messages,
        directory,
        delivered,
        providers.Callable(wiring.replay_readers, given.database_pool_size),
    )

    stomp = providers.Singleton(
        StompServices,
        clock,
        tokens,
        subscribe_rate_limit,
        send_message,
        mark_seen,
        participants,
        replay,
        delivered,
        acks,
        hub,
        connections,
        counters,
        providers.Factory(
            ConnectionLimits,
            session=providers.Factory(
                SessionLimits,
                max_message_bytes=given.max_message_bytes,
                max_message_frames=given.max_message_frames,
                max_connect_bytes=given.max_connect_bytes,
                max_frame_bytes=given.max_frame_bytes,
                max_subscriptions=given.max_subscriptions,
                max_unacked=given.max_unacked,
            ),
            connect_timeout=given.connect_timeout,
            slow_consumer=given.slow_consumer,
            max_unsent=given.max_unsent_bytes,
            max_in_flight=given.max_in_flight,
            heart_beat=given.heartbeat,
            recheck=profile_ages.provided.derived,
        ),
        delivery_times.provided.written,
        send_queue,
    )

    http_times = providers.Singleton(HttpTimes, counters)
    loop_lag = providers.Singleton(LoopLag)
    runtime_metrics = providers.Singleton(
        RuntimeMetrics, given.server, counters, store, broker, intake, http_times, loop_lag
    )
    metrics = providers.Singleton(
        ServiceMetrics, counters, connections, delivery_times, outbox, profiles, circuit, runtime_metrics
    )
    siblings = providers.Singleton(NoSiblings)
