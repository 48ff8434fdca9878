"""Installs RabbitMQ when a run needs it."""

import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "scripts" / "provision-rabbitmq"


def provision_rabbitmq() -> None:
    """Installs RabbitMQ, unless it is there. Raises `SystemExit` with the exit code of the script, which says why."""
    code = subprocess.run([SCRIPT], check=False).returncode
    if code:
        raise SystemExit(code)
