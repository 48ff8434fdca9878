"""The defaults of the profiles, where they differ from those of the settings (contract, section 3)."""

from collections.abc import Mapping
from typing import Any

PROFILE_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "dev": {
        "host": "127.0.0.1",
        "migrate_on_start": True,
        "allowed_origins": "*",
        "web_client": True,
        "max_connections_per_user": 50_000,
        "log_format": "console",
        "log_level": "warning",
    },
    "test": {
        "host": "127.0.0.1",
        "migrate_on_start": True,
        "allowed_origins": "*",
        "web_client": True,
        "max_connections_per_user": 50_000,
        "log_level": "warning",
    },
    "prod": {},
}
