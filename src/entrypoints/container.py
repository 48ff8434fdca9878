"""The composition root: builds all parts of an instance from the settings.

`use` stands for the object of a provider. The type checker checks every argument (`entrypoints/providing.py`). The
choices between adapters, and values made from several settings, are in `wiring.py`. `instance.py` starts and stops the
parts.
"""

from dependency_injector import providers

from adapters.stomp.services import StompServices
from application.access.limited_lookups import LimitedLookups
from application.access.read_limit import ReadLimit
from application.delivery.change_events import ChangeEvents
from application.delivery.session_events import SessionEvents
from application.use_cases.change_message import ChangeMessage
from application.use_cases.init_session import InitSession
from application.use_cases.list_sessions import ListSessions
from application.use_cases.mark_seen import MarkSeen
from application.use_cases.read_history import ReadHistory
from application.use_cases.read_unread import ReadUnread
from application.use_cases.send_message import SendMessage
from application.use_cases.submitted_sends import SubmittedSends
from application.use_cases.sync_changes import SyncChanges
from entrypoints import wiring
from entrypoints.credentials.digest_keys import block_delay, sync_tokens
from entrypoints.deliveries import Deliveries
from entrypoints.observability.delivery_times import DeliveryTimes
from entrypoints.observability.http_times import HttpTimes
from entrypoints.observability.loop_lag import LoopLag
from entrypoints.observability.metrics import ServiceMetrics
from entrypoints.observability.runtime_metrics import RuntimeMetrics
from entrypoints.observability.store_metrics import StoreMetrics
from entrypoints.observability.worker_metrics import WorkerMetrics
from entrypoints.presence import presence_parts
from entrypoints.providing import singleton, use
from entrypoints.server.descriptors import DescriptorWatch
from entrypoints.settings.features import features_of
from entrypoints.sides import side_parts


class Container(Deliveries):
    """The parts of one instance. Each part is built when it is first asked for, and opens nothing before its start."""

    # those of `Ports` and `Deliveries` under their own names
    settings = Deliveries.settings
    worker_place = Deliveries.worker_place
    clock = Deliveries.clock
    ids = Deliveries.ids
    counters = Deliveries.counters
    digests = Deliveries.digests
    store = Deliveries.store
    circuit = Deliveries.circuit
    profiles = Deliveries.profiles
    directory = Deliveries.directory
    tokens = Deliveries.tokens
    connections = Deliveries.connections
    broker = Deliveries.broker
    hub = Deliveries.hub
    send_queue = Deliveries.send_queue
    participants = Deliveries.participants
    delivered_receipts = Deliveries.delivered_receipts
    withheld_ids = Deliveries.withheld_ids
    views = Deliveries.views
    shown = Deliveries.shown
    summaries = Deliveries.summaries
    present_deliveries = Deliveries.present_deliveries
    intake = Deliveries.intake
    delivered = Deliveries.delivered
    acks = Deliveries.acks
    replay = Deliveries.replay

    # use cases and their limits
    features = singleton(features_of, settings=use(settings))
    capabilities = singleton(wiring.capabilities, settings=use(settings), features=use(features))
    rate_limits = singleton(wiring.rate_limits, settings=use(settings), clock=use(clock))
    read_limit = singleton(ReadLimit, rate=use(rate_limits).reads, max_at_once=use(settings).max_reads_at_once)
    limited_lookups = singleton(LimitedLookups, lookup=use(profiles))
    session_events = singleton(
        SessionEvents, broker=use(broker), sessions=use(store).sessions, summaries=use(summaries)
    )
    init_session = singleton(
        InitSession,
        lookup=use(limited_lookups),
        directory=use(directory),
        sessions=use(store).sessions,
        ids=use(ids),
        clock=use(clock),
        rate_limit=use(rate_limits).inits,
        events=use(session_events),
    )
    list_sessions = singleton(
        ListSessions,
        lookup=use(limited_lookups),
        directory=use(directory),
        sessions=use(store).sessions,
        summaries=use(summaries),
        limit=use(read_limit),
    )
    send_message = singleton(
        SendMessage,
        participants=use(participants),
        intake=use(intake),
        rate_limit=use(rate_limits).sends,
        ids=use(ids),
        features=use(features),
    )
    change_message = singleton(
        ChangeMessage,
        participants=use(participants),
        changes=use(store).changes,
        rules=use(singleton(wiring.changing, settings=use(settings), digests=use(digests))),
        views=use(views),
        shown=use(shown),
        events=use(singleton(ChangeEvents, shown=use(shown), broker=use(broker), clock=use(clock))),
        clock=use(clock),
        rate_limit=use(rate_limits).commands,
    )
    sides = singleton(
        side_parts,
        store=use(store),
        participants=use(participants),
        directory=use(directory),
        events=use(session_events),
        broker=use(broker),
        push=use(hub),
        clock=use(clock),
        rate_limit=use(rate_limits).commands,
        read_limit=use(read_limit),
        features=use(features),
        block_delay=use(singleton(block_delay, settings=use(settings))),
    )
    submitted_sends = singleton(
        SubmittedSends,
        send_message=use(send_message),
        broker=use(broker),
        clock=use(clock),
        max_body=use(settings).max_frame_bytes,
        max_age=use(settings).held_send_max_age,
    )
    read_history = singleton(
        ReadHistory,
        participants=use(participants),
        messages=use(store).messages,
        shown=use(shown),
        limit=use(read_limit),
        withheld_ids=use(withheld_ids),
    )
    read_unread = singleton(
        ReadUnread,
        participants=use(participants),
        messages=use(store).messages,
        shown=use(shown),
        limit=use(read_limit),
        withheld_ids=use(withheld_ids),
    )
    mark_seen = singleton(
        MarkSeen,
        participants=use(participants),
        messages=use(store).messages,
        broker=use(broker),
        clock=use(clock),
        events=use(session_events),
        rate_limit=use(rate_limits).seen_marks,
        on_reached=use(delivered_receipts).note,
    )

    presence = singleton(
        presence_parts,
        broker=use(broker),
        mailbox=use(hub),
        participants=use(participants),
        sessions=use(store).sessions,
        relations=use(sides).relations,
        clock=use(clock),
        rate_limit=use(rate_limits).commands,
        features=use(features),
    )

    sync_changes = singleton(
        SyncChanges,
        store=use(store).sync,
        sessions=use(store).sessions,
        directory=use(directory),
        shown=use(shown),
        summaries=use(summaries),
        tokens=use(singleton(sync_tokens, settings=use(settings))),
        clock=use(clock),
        limit=use(read_limit),
        unread=use(store).unread,
        blocks=use(store).blocks,
        features=use(features),
        readers=use(singleton(wiring.replay_readers, settings=use(settings))),
    )

    # STOMP, metrics and health
    delivery_times = singleton(DeliveryTimes, clock=use(clock))
    stomp = singleton(
        StompServices,
        clock=use(clock),
        tokens=use(tokens),
        subscribe_limit=use(rate_limits).subscriptions,
        send_message=use(send_message),
        mark_seen=use(mark_seen),
        change_message=use(change_message),
        change_conversation=use(sides).change_conversation,
        change_settings=use(sides).change_settings,
        count_unread=use(sides).count_unread,
        close_session=use(sides).close_session,
        block_people=use(sides).block_people,
        note_unread=use(sides).unread_events.note,
        sync_changes=use(sync_changes),
        presence=use(presence),
        command_limit=use(rate_limits).commands,
        participants=use(participants),
        replay=use(replay),
        delivered=use(delivered),
        acks=use(acks),
        hub=use(hub),
        connections=use(connections),
        counters=use(counters),
        limits=use(singleton(wiring.connection_limits, settings=use(settings))),
        on_written=use(delivery_times).written,
        present=use(present_deliveries).of,
        send_queue=use(send_queue),
        features=use(features),
    )
    http_times = singleton(HttpTimes, counters=use(counters))
    loop_lag = singleton(LoopLag)
    descriptors = singleton(DescriptorWatch)
    runtime_metrics = singleton(
        RuntimeMetrics,
        server=use(settings).server,
        counters=use(counters),
        store=use(store),
        broker=use(broker),
        intake=use(intake),
        http_times=use(http_times),
        loop_lag=use(loop_lag),
    )
    store_metrics = singleton(StoreMetrics, outbox=use(store).outbox, growth=use(store).growth, clock=use(clock))
    metrics = singleton(
        ServiceMetrics,
        counters=use(counters),
        connections=use(connections),
        delivery_times=use(delivery_times),
        store=use(store_metrics),
        profiles=use(profiles),
        circuit=use(circuit),
        runtime=use(runtime_metrics),
    )
    worker_metrics: providers.Provider[WorkerMetrics] = singleton(wiring.worker_metrics, worker_place=use(worker_place))
    health = singleton(wiring.health, store=use(store), broker=use(broker), send_queue=use(send_queue))
