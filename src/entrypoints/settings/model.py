"""All settings (contract, section 3)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from entrypoints.checkout import PROJECT
from entrypoints.settings.failures import Failure
from entrypoints.settings.messages import MessageSettings
from entrypoints.settings.types import Duration, Names, Networks, Secret

PREFIX = "CHAT_"
MEMORY = "memory:"
"""The database URL of a store that keeps nothing."""

Profile = Literal["dev", "test", "prod"]


class SettingsError(Failure):
    """A setting is missing or malformed. The text names it, and never shows a secret."""

    exit_code = 2


Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Count = Annotated[int, msgspec.Meta(ge=1)]
CountOrNone = Annotated[int, msgspec.Meta(ge=0)]


class Settings(MessageSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings. Fields have the names of the settings in lower case, without the prefix.

    Sizes are in octets, durations in seconds.
    """

    profile: Annotated[Profile, msgspec.Meta(description="whose defaults hold; in `prod` nothing is embedded")] = "prod"
    data_dir: Annotated[
        Path,
        msgspec.Meta(description="embedded database and keys of `dev`; in the checkout, else in the working folder"),
    ] = PROJECT / ".data" if (PROJECT / "pyproject.toml").is_file() else Path(".data")

    allow_unknown_settings: Annotated[
        bool, msgspec.Meta(description="start in `prod` though a `CHAT_…` variable or a key of the file is no setting")
    ] = False

    features: Annotated[
        Names,
        msgspec.Meta(
            description="what is switched on of `events,edit,delete,reply,reactions,typing,presence,unread,settings,"
            "block,report,attachments,push`; unset = all that this version has; `none` = nothing"
        ),
    ] = Names()

    host: Annotated[str, msgspec.Meta(description="address to listen on")] = "0.0.0.0"  # noqa: S104 - a server's default
    port: Annotated[Port, msgspec.Meta(description="port to listen on")] = 8080
    server: Annotated[
        Literal["granian", "uvicorn"],
        msgspec.Meta(description="what speaks HTTP; `uvicorn` leaves WebSockets to the service (`docs/servers.md`)"),
    ] = "uvicorn"
    workers: Annotated[Count, msgspec.Meta(description="processes on this machine that share the port")] = 1
    shutdown_seconds: Annotated[Duration, msgspec.Meta(description="an orderly stop ends within this time")] = Duration(
        25
    )
    allowed_origins: Annotated[
        Names,
        msgspec.Meta(
            description="origins of browsers that may connect (`https://app.example.org`, `https://*.example.org` for "
            "one label); `*` is any; empty is the same host only"
        ),
    ] = Names()
    trusted_proxies: Annotated[
        Networks,
        msgspec.Meta(
            description="networks of reverse proxies, comma-separated (`10.0.0.0/8,::1`), whose `X-Forwarded-For` is "
            "believed"
        ),
    ] = Networks()
    web_client: Annotated[
        bool, msgspec.Meta(description="serve the page at `/`: a chat client and the API's documents")
    ] = False

    database_url: Annotated[
        Secret,
        msgspec.Meta(description="`postgresql://user:password@host/database`; `memory:` keeps nothing, for tests"),
    ] = Secret()
    database_replica_url: Annotated[Secret, msgspec.Meta(description="a replica for reads of history")] = Secret()
    database_pool_size: Annotated[Count, msgspec.Meta(description="connections to each database")] = 10
    database_timeout: Annotated[Duration, msgspec.Meta(description="limit of one statement")] = Duration(5)
    migrate_on_start: Annotated[bool, msgspec.Meta(description="bring the schema up to date at the start")] = False

    broker_url: Annotated[
        Secret,
        msgspec.Meta(
            description="`amqp://…`, comma-separated for a cluster; unset = one instance, or workers of one machine"
        ),
    ] = Secret()
    broker_mirror_topics: Annotated[
        bool, msgspec.Meta(description="publish session deliveries to `amq.topic` for RabbitMQ's own STOMP clients")
    ] = False
    broker_key: Annotated[
        Secret,
        msgspec.Meta(
            description="instances sign their deliveries with it; of several between commas the first signs, all are "
            "accepted; unset = made from the password in `CHAT_BROKER_URL`"
        ),
    ] = Secret()
    broker_accept_unsigned: Annotated[
        bool, msgspec.Meta(description="take deliveries that are not signed, as version 0.1.0 sends them")
    ] = False
    broker_fanout: Annotated[
        bool, msgspec.Meta(description="deliver to instances of version 0.1.0 too; off when the last one is gone")
    ] = True
    held_send_max_age: Annotated[
        Duration, msgspec.Meta(description="a send that waits in `chat.send.queue` for so long is a dead letter")
    ] = Duration(86400)

    directory: Annotated[
        Literal["flairbit", "claims"],
        msgspec.Meta(description="who knows people's profiles: FlairBit, or their own tokens (`docs/integrating.md`)"),
    ] = "flairbit"
    directory_open: Annotated[
        bool, msgspec.Meta(description="with `claims`: who has never connected has a profile too, made from the e-mail")
    ] = False
    flairbit_base_url: Annotated[str, msgspec.Meta(description="FlairBit; unset in `dev` = embedded directory")] = ""
    flairbit_audience: Annotated[str, msgspec.Meta(description="`aud` of our tokens for FlairBit")] = "flairbit"
    flairbit_timeout: Annotated[Duration, msgspec.Meta(description="limit of a lookup, all its tries included")] = (
        Duration(3)
    )
    flairbit_try_timeout: Annotated[Duration, msgspec.Meta(description="limit of one try")] = Duration(1)
    flairbit_retries: Annotated[CountOrNone, msgspec.Meta(description="further tries of a failed call")] = 2
    circuit_failures: Annotated[Count, msgspec.Meta(description="failed calls in a row that open the circuit")] = 5
    circuit_open: Annotated[Duration, msgspec.Meta(description="how long it stays open before one probe")] = Duration(
        30
    )
    profile_cache_ttl: Annotated[
        Duration, msgspec.Meta(description="how old an answer of FlairBit may be; 0 = always asked")
    ] = Duration(900)
    profile_cache_size: Annotated[Count, msgspec.Meta(description="profiles cached")] = 50_000
    profile_negative_ttl: Annotated[
        Duration, msgspec.Meta(description="how long it is remembered that there is no profile; 0 = not")
    ] = Duration(30)
    session_cache_size: Annotated[Count, msgspec.Meta(description="sessions cached")] = 50_000

    jwt_public_key_file: Annotated[str, msgspec.Meta(description="PEM of the key that signs users' tokens")] = ""
    jwt_jwks_url: Annotated[str, msgspec.Meta(description="JWKS with the keys that sign users' tokens")] = ""
    jwt_jwks_ttl: Annotated[Duration, msgspec.Meta(description="how long fetched keys are good")] = Duration(300)
    jwt_issuer: Annotated[str, msgspec.Meta(description="`iss` that users' tokens must have")] = ""
    jwt_audience: Annotated[str, msgspec.Meta(description="`aud` that users' tokens must have")] = ""
    service_name: Annotated[str, msgspec.Meta(description="our name among services: `iss` and `aud`")] = "chat-service"
    service_private_key_file: Annotated[str, msgspec.Meta(description="PEM of our key for calls to FlairBit")] = ""
    trusted_services: Annotated[Names, msgspec.Meta(description="`name=public-key-file`, comma-separated")] = Names()

    max_message_bytes: Annotated[
        Count, msgspec.Meta(description="one WebSocket message, which may hold several STOMP frames")
    ] = 262_144
    max_message_frames: Annotated[Count, msgspec.Meta(description="STOMP frames in one WebSocket message")] = 1_000
    max_connect_bytes: Annotated[
        Count, msgspec.Meta(description="all that comes before CONNECT; each message counts as 64 at least")
    ] = 32_768
    max_frame_bytes: Annotated[Count, msgspec.Meta(description="one STOMP frame or one HTTP body")] = 65_536
    request_timeout: Annotated[
        Duration, msgspec.Meta(description="a body over REST must come within it, and a second more for each KiB")
    ] = Duration(10)
    max_unsent_bytes: Annotated[
        Count,
        msgspec.Meta(description="unsent data at which a client that takes nothing for 1 s is too slow; not messages"),
    ] = 524_288
    slow_consumer: Annotated[
        Duration, msgspec.Meta(description="a client that takes nothing for so long is too slow")
    ] = Duration(10)
    connect_timeout: Annotated[Duration, msgspec.Meta(description="CONNECT must come within")] = Duration(10)
    heartbeat: Annotated[Duration, msgspec.Meta(description="STOMP heart-beats, both ways; 0 is none")] = Duration(10)
    sockjs_heartbeat: Annotated[Duration, msgspec.Meta(description="SockJS heart-beat when nothing else was sent")] = (
        Duration(25)
    )
    sockjs_disconnect_delay: Annotated[
        Duration, msgspec.Meta(description="a SockJS session without a request of its client ends after")
    ] = Duration(5)
    sockjs_response_limit: Annotated[
        Count, msgspec.Meta(description="a streaming SockJS answer ends after so much, and the client asks again")
    ] = 131_072
    sockjs_max_body: Annotated[
        Count, msgspec.Meta(description="one SockJS request or WebSocket message of a client")
    ] = 524_288
    sockjs_cookie_needed: Annotated[
        bool, msgspec.Meta(description="set the cookie `JSESSIONID`, for load balancers that stick to it")
    ] = False
    sockjs_client_url: Annotated[
        str, msgspec.Meta(description="where the SockJS iframe page finds the client library")
    ] = "/sockjs.min.js"
    max_connections: Annotated[Count, msgspec.Meta(description="connections of users at one instance")] = 50_000
    max_unauthenticated: Annotated[
        Count,
        msgspec.Meta(
            description="connections before their CONNECT at one instance, beside those of users; beyond it the oldest "
            "gives way, so that it only has to hold who connects within a round trip"
        ),
    ] = 5_000
    max_unauthenticated_per_address: Annotated[
        Count,
        msgspec.Meta(
            description="of these from one address (an IPv6 /64 is one), which may be a whole office's or that of a "
            "proxy that is not trusted"
        ),
    ] = 1_000
    max_connections_per_user: Annotated[Count, msgspec.Meta(description="connections of one user")] = 100
    max_subscriptions: Annotated[Count, msgspec.Meta(description="subscriptions of one connection")] = 1_000
    max_unacked: Annotated[
        Count, msgspec.Meta(description="messages of one subscription that wait for ACK; more come later")
    ] = 1_000
    max_in_flight: Annotated[Count, msgspec.Meta(description="sends of one connection that wait for the store")] = 1_000
    rate_limit: Annotated[CountOrNone, msgspec.Meta(description="messages a second of one user; 0 is no limit")] = 1_000
    rate_burst: Annotated[Count, msgspec.Meta(description="messages of one user at once")] = 5_000
    init_rate_limit: Annotated[
        CountOrNone, msgspec.Meta(description="sessions opened or found a second by one user; 0 is no limit")
    ] = 10
    init_rate_burst: Annotated[Count, msgspec.Meta(description="sessions opened or found by one user at once")] = 300
    read_rate_limit: Annotated[
        CountOrNone, msgspec.Meta(description="reads over REST a second of one user; 0 is no limit")
    ] = 100
    read_rate_burst: Annotated[Count, msgspec.Meta(description="reads over REST of one user within a moment")] = 500
    max_reads_at_once: Annotated[
        Count, msgspec.Meta(description="reads over REST of one user that run at the same time")
    ] = 50
    subscribe_rate_limit: Annotated[
        CountOrNone,
        msgspec.Meta(description="subscriptions and replays a second of one user; 0 is no limit"),
    ] = 100
    subscribe_rate_burst: Annotated[
        Count, msgspec.Meta(description="subscriptions and replays of one user at once, on all its devices")
    ] = 3_000
    seen_rate_limit: Annotated[
        CountOrNone, msgspec.Meta(description="seen marks a second of one user; 0 is no limit")
    ] = 200
    seen_rate_burst: Annotated[Count, msgspec.Meta(description="seen marks of one user at once")] = 1_000
    max_batch: Annotated[Count, msgspec.Meta(description="messages in one transaction")] = 256
    max_wait: Annotated[
        Duration, msgspec.Meta(description="a send that would wait longer for the database is refused with 503 at once")
    ] = Duration(0.5)
    max_pending_sends: Annotated[Count, msgspec.Meta(description="sends that wait; beyond it 503")] = 20_000

    outbox_poll: Annotated[Duration, msgspec.Meta(description="interval of the outbox poll")] = Duration(1)
    outbox_claim: Annotated[Duration, msgspec.Meta(description="how long a claim of the poll holds")] = Duration(60)
    outbox_eager_claim: Annotated[Duration, msgspec.Meta(description="how long the storing instance's claim holds")] = (
        Duration(10)
    )
    outbox_claim_size: Annotated[Count, msgspec.Meta(description="rows in one claim")] = 500
    outbox_max_tries: Annotated[Count, msgspec.Meta(description="failed tries after which a row is dead")] = 10
    outbox_max_backoff: Annotated[Duration, msgspec.Meta(description="longest wait before a failed row's next try")] = (
        Duration(60)
    )
    outbox_retention: Annotated[
        Duration, msgspec.Meta(description="processed rows are kept so long; 0 = deleted at once")
    ] = Duration(0)

    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], msgspec.Meta(description="the least level that is logged")
    ] = "info"
    log_format: Annotated[Literal["json", "console"], msgspec.Meta(description="form of a log line")] = "json"

    def trusted_service_files(self) -> Mapping[str, Path]:
        """The public key file of each trusted service by name. Raises `SettingsError`."""
        pairs = [pair.partition("=") for pair in self.trusted_services]
        named = [(name.strip(), file.strip()) for name, _, file in pairs]
        if not all(name and file for name, file in named):
            raise SettingsError("CHAT_TRUSTED_SERVICES: name=public-key-file is expected, comma-separated")
        files = {name: Path(file) for name, file in named}
        if len(files) < len(named):
            raise SettingsError("CHAT_TRUSTED_SERVICES: the same name is there twice")
        return files


def setting_name(field: str) -> str:
    """The name of a setting in the environment."""
    return f"{PREFIX}{field.upper()}"
