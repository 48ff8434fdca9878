"""Builders for the container: choices between adapters, and values made from several settings."""

import socket
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from adapters.claims.lookup import ClaimsProfileLookup
from adapters.claims.tokens import RememberingTokenVerifier
from adapters.flairbit.circuit import CircuitBreakingLookup
from adapters.flairbit.client import FlairBitProfileLookup
from adapters.flairbit.concurrency_limit import ConcurrencyLimitedLookup
from adapters.jwt.jwks import JwksKeys
from adapters.jwt.keys import KeySource, StaticKeys
from adapters.jwt.service_token import ServiceTokenSigner
from adapters.jwt.verifier import JwtTokenVerifier
from adapters.memory.broker import InProcessBroker
from adapters.memory.profiles import EmbeddedProfileLookup
from adapters.rabbitmq.deliveries.broker import RabbitBroker
from adapters.rabbitmq.deliveries.seal import Seal
from adapters.rabbitmq.sends.send_queue import RabbitSendQueue
from adapters.rabbitmq.settings import RabbitSettings
from adapters.stomp.connections import Connections
from adapters.stomp.protocol.limits import SessionLimits
from adapters.stomp.services import ConnectionLimits
from adapters.unix_sockets.broker import UnixBroker
from adapters.unix_sockets.worker_directory import WorkerDirectory
from application.access.rate_limit import RateLimit
from application.delivery.outbox.relay import RelaySettings
from application.diagnostics.counters import Counters
from application.ports.broker import Broker
from application.ports.clock import Clock
from application.ports.profiles import ProfileDirectory
from application.ports.send_queue import SendQueue
from application.ports.tokens import TokenVerifier
from application.use_cases.list_sessions import MAX_SESSIONS
from application.use_cases.read_history import MAX_PAGE
from application.wire.capabilities import Capabilities, Limits
from domain.features import Features
from domain.message import MAX_CONTENT_LENGTH
from domain.outbox import RetryPolicy
from domain.rules.change_policy import ChangePolicy, Windows
from domain.rules.repeats import SentDigests
from entrypoints.credentials.broker_secrets import broker_secrets
from entrypoints.credentials.key_files import private_key, public_key
from entrypoints.credentials.trusted_services import trusted_services
from entrypoints.development.keys import dev_keys
from entrypoints.development.tokens import makes_tokens
from entrypoints.observability.health import Health
from entrypoints.observability.readiness import not_ready_reason
from entrypoints.observability.worker_metrics import NoOtherWorkers, OtherWorkers, WorkerMetrics
from entrypoints.settings.model import Settings
from entrypoints.store import Store

BATCHES_AT_ONCE = 2
"""More than these only share the processors of the database."""


def lookup(
    *, settings: Settings, flairbit: CircuitBreakingLookup, directory: ProfileDirectory
) -> ConcurrencyLimitedLookup | ClaimsProfileLookup:
    """The lookup of profiles.

    Our own directory needs no circuit breaker, as it is away only together with the store.
    """
    if settings.directory == "claims":
        return ClaimsProfileLookup(directory, is_open=settings.directory_open)
    return ConcurrencyLimitedLookup(flairbit, patience=settings.flairbit_timeout)


def flairbit(*, settings: Settings, clock: Clock) -> FlairBitProfileLookup | EmbeddedProfileLookup:
    """The client of FlairBit, or a built-in directory when no FlairBit is named. Raises `SettingsError`."""
    if not settings.flairbit_base_url:
        return EmbeddedProfileLookup()
    signer = ServiceTokenSigner(_our_key(settings), settings.service_name, settings.flairbit_audience, clock)
    return FlairBitProfileLookup(
        settings.flairbit_base_url,
        signer.token,
        timeout=settings.flairbit_timeout,
        try_timeout=settings.flairbit_try_timeout,
        tries=1 + settings.flairbit_retries,
    )


def user_keys(*, settings: Settings, clock: Clock) -> KeySource:
    """The keys that verify tokens of users. Raises `SettingsError`."""
    if settings.jwt_jwks_url:
        return JwksKeys(settings.jwt_jwks_url, clock, ttl=settings.jwt_jwks_ttl)
    return StaticKeys(_users_key(settings))


def tokens(*, settings: Settings, keys: KeySource, directory: ProfileDirectory, clock: Clock) -> TokenVerifier:
    """The verifier of tokens. With `CHAT_DIRECTORY=claims`, it adds the users of tokens to `directory`.

    Raises `SettingsError`.
    """
    users_key = None if settings.jwt_jwks_url else _users_key(settings)
    our_key = _our_key(settings).public_key() if settings.service_private_key_file else None
    verifier = JwtTokenVerifier(
        keys,
        clock,
        issuer=settings.jwt_issuer or None,
        audience=settings.jwt_audience or None,
        services=trusted_services(settings, users_key, our_key),
        any_service=dev_keys(settings).public if makes_tokens(settings) else None,
        service_name=settings.service_name,
        by_email_claim=settings.directory == "claims",
    )
    return RememberingTokenVerifier(verifier, directory, clock) if settings.directory == "claims" else verifier


def _users_key(settings: Settings) -> RSAPublicKey:
    if settings.jwt_public_key_file:
        return public_key("jwt_public_key_file", Path(settings.jwt_public_key_file))
    return dev_keys(settings).public


class WorkerPlace(NamedTuple):
    """The number of a worker, and the directory of the supervisor that all workers share."""

    directory: Path
    number: int


def broker(
    *, settings: Settings, connections: Connections, counters: Counters, worker_place: WorkerPlace | None, clock: Clock
) -> Broker:
    """RabbitMQ if the settings name it. Otherwise workers of one machine reach each other over Unix sockets."""
    if not settings.broker_url:
        if worker_place is None:
            return InProcessBroker()
        return UnixBroker(
            WorkerDirectory(worker_place.directory), worker_place.number, on_gap=connections.ask_to_resume
        )
    return RabbitBroker(
        _broker_urls(settings),
        socket.gethostname(),
        Seal(broker_secrets(settings), clock),
        mirror_topics=settings.broker_mirror_topics,
        on_gap=connections.ask_to_resume,
        on_rejected=counters.count_broker_rejected,
        settings=RabbitSettings(accept_unsigned=settings.broker_accept_unsigned, fanout=settings.broker_fanout),
    )


def send_queue(*, settings: Settings, clock: Clock) -> SendQueue | None:
    """The queue of sends. None without RabbitMQ."""
    if not settings.broker_url:
        return None
    limits = RabbitSettings(max_frame_bytes=settings.max_frame_bytes)
    return RabbitSendQueue(_broker_urls(settings), socket.gethostname(), clock, limits)


def watch_interval(settings: Settings) -> float:
    """Seconds between two checks of all connections: often enough for heart-beats and for the limits of time."""
    times = (settings.heartbeat, settings.connect_timeout, settings.slow_consumer, profile_ages(settings).derived)
    return min(1.0, *(time / 4 for time in times if time))


def worker_metrics(*, worker_place: WorkerPlace | None) -> WorkerMetrics:
    """The metrics of the other workers on this machine."""
    return NoOtherWorkers() if worker_place is None else OtherWorkers(worker_place.directory, worker_place.number)


def health(*, store: Store, broker: Broker, send_queue: SendQueue | None) -> Health:
    """The health of the instance, not ready yet.

    The queue of sends holds sends over STOMP while the database is away.
    """
    return Health(
        {"database": store.check, "broker": broker.wait_ready},
        not_ready_reason=lambda: not_ready_reason(store.failure, holds_sends=send_queue is not None and broker.is_up),
    )


def batches_at_once(settings: Settings) -> int:
    """How many batches are stored at the same time. They leave most database connections for other work."""
    return max(1, min(BATCHES_AT_ONCE, settings.database_pool_size // 3))


def replay_readers(settings: Settings) -> int:
    """How many replays read at the same time: a third of the database connections, as new messages go first."""
    return max(1, settings.database_pool_size // 3)


class RateLimits(NamedTuple):
    """The rate limits of one user, by kind of request."""

    sends: RateLimit
    inits: RateLimit
    reads: RateLimit
    subscriptions: RateLimit
    seen_marks: RateLimit
    commands: RateLimit


def rate_limits(*, settings: Settings, clock: Clock) -> RateLimits:
    """The rate limits of the settings."""
    return RateLimits(
        sends=RateLimit(clock, per_second=settings.rate_limit, burst=settings.rate_burst),
        inits=RateLimit(clock, per_second=settings.init_rate_limit, burst=settings.init_rate_burst),
        reads=RateLimit(clock, per_second=settings.read_rate_limit, burst=settings.read_rate_burst),
        subscriptions=RateLimit(clock, per_second=settings.subscribe_rate_limit, burst=settings.subscribe_rate_burst),
        seen_marks=RateLimit(clock, per_second=settings.seen_rate_limit, burst=settings.seen_rate_burst),
        commands=RateLimit(clock, per_second=settings.rate_commands, burst=settings.rate_commands_burst),
    )


def changing(settings: Settings, digests: SentDigests) -> ChangePolicy:
    """The rules of edits and deletions."""
    windows = Windows(timedelta(seconds=settings.edit_window), timedelta(seconds=settings.delete_window))
    return ChangePolicy(windows, digests)


def withheld_text(settings: Settings) -> str:
    """The text of withheld messages: that of deleted ones, unless it is set."""
    return settings.withheld_text or settings.deleted_text


def retry_policy(settings: Settings) -> RetryPolicy:
    """The policy for failed outbox entries."""
    return RetryPolicy(max_tries=settings.outbox_max_tries, max_backoff=timedelta(seconds=settings.outbox_max_backoff))


def relay_settings(settings: Settings) -> RelaySettings:
    """The settings of the outbox relay."""
    return RelaySettings(
        poll=settings.outbox_poll,
        claim=settings.outbox_claim,
        eager_claim=settings.outbox_eager_claim,
        claim_size=settings.outbox_claim_size,
        retention=settings.outbox_retention,
    )


def connection_limits(settings: Settings) -> ConnectionLimits:
    """The limits of one STOMP connection."""
    return ConnectionLimits(
        session=SessionLimits(
            max_message_bytes=settings.max_message_bytes,
            max_message_frames=settings.max_message_frames,
            max_connect_bytes=settings.max_connect_bytes,
            max_frame_bytes=settings.max_frame_bytes,
            max_subscriptions=settings.max_subscriptions,
            max_unacked=settings.max_unacked,
        ),
        connect_timeout=settings.connect_timeout,
        slow_consumer=settings.slow_consumer,
        max_unsent=settings.max_unsent_bytes,
        max_in_flight=settings.max_in_flight,
        heartbeat=settings.heartbeat,
        recheck=profile_ages(settings).derived,
    )


def capabilities(*, settings: Settings, features: Features) -> Capabilities:
    """The features and limits that clients can ask for."""
    limits = Limits(
        max_content_length=MAX_CONTENT_LENGTH,
        max_body_bytes=settings.max_frame_bytes,
        max_history=MAX_PAGE,
        max_sessions=MAX_SESSIONS,
        max_subscriptions=settings.max_subscriptions,
        max_unacked=settings.max_unacked,
    )
    return Capabilities(features.names, limits)


class ProfileAges(NamedTuple):
    """How long answers of FlairBit, what is derived from them, and missing profiles are cached, in seconds."""

    looked_up: float
    derived: float
    missing: float


def profile_ages(settings: Settings) -> ProfileAges:
    """How long profiles are cached. `looked_up` and `derived` together are `CHAT_PROFILE_CACHE_TTL`.

    With `CHAT_DIRECTORY=claims`, missing profiles are not cached, as a user gets a profile by connecting.
    """
    derived = min(60.0, settings.profile_cache_ttl / 4)
    missing = 0.0 if settings.directory == "claims" else settings.profile_negative_ttl
    return ProfileAges(looked_up=settings.profile_cache_ttl - derived, derived=derived, missing=missing)


def _our_key(settings: Settings) -> RSAPrivateKey:
    if not settings.service_private_key_file:
        return dev_keys(settings).private
    return private_key("service_private_key_file", Path(settings.service_private_key_file))


def _broker_urls(settings: Settings) -> list[str]:
    return [url.strip() for url in str(settings.broker_url).split(",")]
