"""The secrets by which instances sign their deliveries."""

import logging

from yarl import URL

from entrypoints.settings.model import Settings

log = logging.getLogger(__name__)

_RABBITMQ_DEFAULT = "guest"
_SHORT = 8


def broker_secrets(settings: Settings) -> list[str]:
    """The secrets: those of `CHAT_BROKER_KEY`, or else the passwords in the URLs of the broker. The first one signs.

    Passwords are sorted, as each instance may name the nodes in another order.
    """
    if keys := [key for part in settings.broker_key.split(",") if (key := part.strip())]:
        return keys
    urls = [URL(url.strip()) for url in settings.broker_url.split(",")]
    if settings.profile == "prod" and any(_is_easy(url) for url in urls):
        log.warning(
            "CHAT_BROKER_KEY is not set, and a password in CHAT_BROKER_URL is easy to guess: "
            "whoever reaches RabbitMQ can forge deliveries"
        )
    return sorted({url.password or _RABBITMQ_DEFAULT for url in urls})


def _is_easy(url: URL) -> bool:
    password = url.password or _RABBITMQ_DEFAULT
    return len(password) < _SHORT or password in (url.user, _RABBITMQ_DEFAULT)
