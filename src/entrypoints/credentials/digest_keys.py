"""The keys of the digests of sent messages, of tokens, and of what a block hides."""

import logging
from urllib.parse import urlsplit

from application.access.block_delay import BlockDelay
from application.wire.positions.sync_token import SyncTokens
from domain.rules.repeats import SentDigests
from domain.rules.withheld_ids import WithheldIds
from entrypoints.settings.model import Settings

log = logging.getLogger(__name__)


def digest_keys(settings: Settings) -> list[bytes]:
    """Those of `CHAT_DIGEST_KEY`, or else one made from the password in `CHAT_DATABASE_URL`.

    Neither is in the database. Every instance has to come to the same keys.
    """
    if keys := [key for part in settings.digest_key.split(",") if (key := part.strip())]:
        return [key.encode() for key in keys]
    return [f"chat-service:{_password(settings)}".encode()]


def warn_if_guessable(settings: Settings) -> None:
    """Logs a warning in `prod` when everybody knows the key."""
    if settings.profile == "prod" and not settings.digest_key and not _password(settings):
        log.warning(
            "CHAT_DIGEST_KEY is not set, and CHAT_DATABASE_URL has no password: whoever reads the database can guess "
            "short texts that were edited or deleted"
        )


def _password(settings: Settings) -> str:
    return urlsplit(str(settings.database_url)).password or ""


def sent_digests(settings: Settings) -> SentDigests:
    """The digests by which repeats are known."""
    return SentDigests(digest_keys(settings))


def sync_tokens(settings: Settings) -> SyncTokens:
    """The signatures of tokens."""
    return SyncTokens(digest_keys(settings))


def withheld_ids(settings: Settings) -> WithheldIds:
    """The ids of withheld messages. With another first key they are others."""
    return WithheldIds(digest_keys(settings)[0])


def block_delay(settings: Settings) -> BlockDelay:
    """How long blocks are not to be noticed."""
    return BlockDelay(digest_keys(settings)[0])
