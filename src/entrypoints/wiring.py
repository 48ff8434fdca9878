"""The choices that settings make between adapters, for the container."""

import socket
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from adapters.claims.lookup import ClaimsProfileLookup
from adapters.claims.tokens import RememberingTokenVerifier
from adapters.flairbit.circuit import CircuitBreakingLookup
from adapters.flairbit.client import FlairBitProfileLookup
from adapters.flairbit.turns import TurnTakingLookup
from adapters.jwt.jwks import JwksKeys
from adapters.jwt.keys import KeySource, StaticKeys
from adapters.jwt.service_token import ServiceTokenSigner
from adapters.jwt.verifier import JwtTokenVerifier
from adapters.memory.broker import InProcessBroker
from adapters.memory.profiles import EmbeddedProfileLookup
from adapters.rabbitmq.broker import RabbitBroker
from adapters.rabbitmq.seal import Seal
from adapters.rabbitmq.send_queue import RabbitSendQueue
from adapters.rabbitmq.settings import RabbitSettings
from adapters.stomp.connections import Connections
from adapters.unix_sockets.broker import UnixBroker
from adapters.unix_sockets.meeting_place import MeetingPlace
from application.diagnostics.counters import Counters
from application.ports.broker import Broker
from application.ports.clock import Clock
from application.ports.profiles import ProfileDirectory
from application.ports.send_queue import SendQueue
from application.ports.tokens import TokenVerifier
from entrypoints.credentials.broker_secrets import broker_secrets
from entrypoints.credentials.key_files import private_key, public_key
from entrypoints.credentials.trusted_services import trusted_services
from entrypoints.development.keys import dev_keys
from entrypoints.development.tokens import makes_tokens
from entrypoints.settings.model import Settings

BATCHES_AT_ONCE = 2
"""More than these only share the processors of the database."""


def lookup(
    settings: Settings, flairbit: CircuitBreakingLookup, directory: ProfileDirectory
) -> TurnTakingLookup | ClaimsProfileLookup:
    """Our own directory needs no circuit: it is away as long as the store is."""
    if settings.directory == "claims":
        return ClaimsProfileLookup(directory, is_open=settings.directory_open)
    return TurnTakingLookup(flairbit, patience=settings.flairbit_timeout)


def flairbit(settings: Settings, clock: Clock) -> FlairBitProfileLookup | EmbeddedProfileLookup:
    """Raises `SettingsError`."""
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


def user_keys(settings: Settings, clock: Clock) -> KeySource:
    """Raises `SettingsError`."""
    if settings.jwt_jwks_url:
        return JwksKeys(settings.jwt_jwks_url, clock, ttl=settings.jwt_jwks_ttl)
    return StaticKeys(_users_key(settings))


def token_verifier(settings: Settings, keys: KeySource, clock: Clock) -> JwtTokenVerifier:
    """Raises `SettingsError`."""
    users_key = None if settings.jwt_jwks_url else _users_key(settings)
    our_key = _our_key(settings).public_key() if settings.service_private_key_file else None
    return JwtTokenVerifier(
        keys,
        clock,
        issuer=settings.jwt_issuer or None,
        audience=settings.jwt_audience or None,
        services=trusted_services(settings, users_key, our_key),
        any_service=dev_keys(settings).public if makes_tokens(settings) else None,
        service_name=settings.service_name,
        by_email_claim=settings.directory == "claims",
    )


def remembering(
    settings: Settings, tokens: JwtTokenVerifier, directory: ProfileDirectory, clock: Clock
) -> TokenVerifier:
    """With CHAT_DIRECTORY=claims, who comes with a token is remembered."""
    return RememberingTokenVerifier(tokens, directory, clock) if settings.directory == "claims" else tokens


def negative_ttl(settings: Settings) -> float:
    """In our own directory who connects is there at once."""
    return 0.0 if settings.directory == "claims" else settings.profile_negative_ttl


def _users_key(settings: Settings) -> RSAPublicKey:
    if settings.jwt_public_key_file:
        return public_key("jwt_public_key_file", Path(settings.jwt_public_key_file))
    return dev_keys(settings).public


class WorkerPlace(NamedTuple):
    """Which of several workers this one is, and where they meet."""

    meeting_place: MeetingPlace
    number: int


def broker(
    settings: Settings, connections: Connections, counters: Counters, worker_place: WorkerPlace | None
) -> Broker:
    """RabbitMQ where it is named; without it, workers of one machine reach each other over Unix sockets."""
    if not settings.broker_url:
        if worker_place is None:
            return InProcessBroker()
        return UnixBroker(worker_place.meeting_place, worker_place.number, on_gap=connections.ask_to_resume)
    return RabbitBroker(
        _broker_urls(settings),
        socket.gethostname(),
        Seal(broker_secrets(settings)),
        mirror_topics=settings.broker_mirror_topics,
        on_gap=connections.ask_to_resume,
        on_rejected=counters.count_broker_rejected,
        settings=RabbitSettings(accept_unsigned=settings.broker_accept_unsigned),
    )


def send_queue(settings: Settings) -> SendQueue | None:
    return RabbitSendQueue(_broker_urls(settings), socket.gethostname()) if settings.broker_url else None


def watch_interval(settings: Settings) -> float:
    """Often enough for the beats and the limits in time, and not more than needed."""
    times = (settings.heartbeat, settings.connect_timeout, settings.slow_consumer, profile_ages(settings).derived)
    return min(1.0, *(time / 4 for time in times if time))


def batches_at_once(pool_size: int) -> int:
    """How many of the store's connections batches of sends may use at once, so that others are left for the rest."""
    return max(1, min(BATCHES_AT_ONCE, pool_size // 3))


def replay_readers(pool_size: int) -> int:
    """How many of the store's connections replays may use at once: a third, so that what is sent goes first."""
    return max(1, pool_size // 3)


class ProfileAges(NamedTuple):
    """How old a profile may be that was looked up, and what was derived from it since, in seconds."""

    looked_up: float
    derived: float


def profile_ages(settings: Settings) -> ProfileAges:
    """Both together are CHAT_PROFILE_CACHE_TTL."""
    derived = min(60.0, settings.profile_cache_ttl / 4)
    return ProfileAges(settings.profile_cache_ttl - derived, derived)


def _our_key(settings: Settings) -> RSAPrivateKey:
    if not settings.service_private_key_file:
        return dev_keys(settings).private
    return private_key("service_private_key_file", Path(settings.service_private_key_file))


def _broker_urls(settings: Settings) -> list[str]:
    return [url.strip() for url in str(settings.broker_url).split(",")]
