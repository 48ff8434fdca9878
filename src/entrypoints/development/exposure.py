"""Says at the start who can do or read more than one might think."""

import logging
from ipaddress import ip_address

from entrypoints.settings.model import Settings

log = logging.getLogger(__name__)


def warn_if_exposed(settings: Settings) -> None:
    """Logs a warning when `dev` listens on an address that is not loopback."""
    if settings.profile == "dev" and not _is_loopback(settings.host):
        log.warning(
            "dev listens on %s: whoever reaches it gets a token for any user (POST /dev/token); "
            "CHAT_HOST=127.0.0.1 serves this machine only",
            settings.host,
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def tell_of_mirror(settings: Settings) -> None:
    """Logs who decides who reads the mirror of topics, when there is one."""
    if settings.broker_mirror_topics:
        log.info(
            "CHAT_BROKER_MIRROR_TOPICS: RabbitMQ decides who may bind to session.* in amq.topic; it has what both "
            "people of a session may see, and nothing that is withheld from one of them"
        )
