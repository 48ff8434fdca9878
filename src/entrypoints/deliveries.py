"""The second part of the composition root: the way from a draft to the deliveries of a stored message.

How to read it is said in `container.py`, which goes on with use cases.
"""

from application.access.participants import Participants
from application.concurrency.write_behind import WriteBehind
from application.delivery.delivered_receipts import DeliveredReceipts
from application.delivery.message_intake import MessageIntake
from application.delivery.outbox.relay import OutboxRelay
from application.delivery.present_deliveries import PresentDeliveries
from application.delivery.present_push import PresentPush
from application.delivery.replay import Replay
from application.delivery.session_summaries import SessionSummaries
from application.delivery.shown_messages import ShownMessages
from application.ports.messages import MessageRef
from application.use_cases.ack_batcher import ack_batcher
from application.use_cases.mark_delivered import MarkDelivered
from application.wire.message_views import MessageViews
from entrypoints import wiring
from entrypoints.credentials.digest_keys import withheld_ids
from entrypoints.ports import Ports
from entrypoints.providing import singleton, use


class Deliveries(Ports):
    """Participants and views; intake, relay and replay; marks and receipts of what was delivered."""

    # those of `Ports` under their own names
    settings = Ports.settings
    clock = Ports.clock
    ids = Ports.ids
    counters = Ports.counters
    store = Ports.store
    profile_ages = Ports.profile_ages
    profiles = Ports.profiles
    directory = Ports.directory
    connections = Ports.connections
    broker = Ports.broker
    hub = Ports.hub

    # from a draft to the deliveries of a stored message
    participants = singleton(
        Participants,
        sessions=use(store).sessions,
        lookup=use(profiles),
        directory=use(directory),
        clock=use(clock),
        session_cache_size=use(settings).session_cache_size,
        max_age=use(profile_ages).derived,
    )
    relay = singleton(
        OutboxRelay,
        outbox=use(store).outbox,
        broker=use(broker),
        directory=use(directory),
        counters=use(counters),
        policy=use(singleton(wiring.retry_policy, settings=use(settings))),
        settings=use(singleton(wiring.relay_settings, settings=use(settings))),
    )
    withheld_ids = singleton(withheld_ids, settings=use(settings))
    views = singleton(
        MessageViews,
        deleted_text=use(settings).deleted_text,
        withheld_text=use(singleton(wiring.withheld_text, settings=use(settings))),
        withheld_ids=use(withheld_ids),
    )
    shown = singleton(ShownMessages, changes=use(store).changes, views=use(views))
    summaries = singleton(SessionSummaries, directory=use(directory), shown=use(shown))
    present_deliveries = singleton(PresentDeliveries, changes=use(store).changes, shown=use(shown), clock=use(clock))
    present_push = singleton(
        PresentPush,
        push=use(hub),
        present=use(present_deliveries),
        clock=use(clock),
        on_gap=use(connections).ask_to_resume,
    )
    intake = singleton(
        MessageIntake,
        messages=use(store).messages,
        relay=use(relay),
        ids=use(ids),
        clock=use(clock),
        counters=use(counters),
        shown=use(shown),
        max_batch=use(settings).max_batch,
        max_pending=use(settings).max_pending_sends,
        at_once=use(singleton(wiring.batches_at_once, settings=use(settings))),
        patience=use(settings).database_timeout,
        max_wait=use(settings).max_wait,
    )
    delivered_receipts = singleton(
        DeliveredReceipts,
        messages=use(store).messages,
        participants=use(participants),
        broker=use(broker),
        clock=use(clock),
    )
    mark_delivered = singleton(MarkDelivered, messages=use(store).messages, on_reached=use(delivered_receipts).note)
    delivered = singleton(WriteBehind[MessageRef], name="delivered marks", write=use(mark_delivered))
    acks = singleton(
        ack_batcher,
        mark_delivered=use(mark_delivered),
        max_pending=use(settings).max_pending_sends,
        patience=use(settings).database_timeout,
    )
    replay = singleton(
        Replay,
        participants=use(participants),
        messages=use(store).messages,
        directory=use(directory),
        shown=use(shown),
        delivered=use(delivered),
        readers=use(singleton(wiring.replay_readers, settings=use(settings))),
    )
