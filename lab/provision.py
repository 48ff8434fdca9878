"""Sees to it that RabbitMQ is there, once it is known that a run needs it."""

import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "scripts" / "provision-rabbitmq"


def provision_rabbitmq() -> None:
    """Raises SystemExit with the script's own code when it cannot be provided; the script has said why."""
    code = subprocess.run([SCRIPT], check=False).returncode
    if code:
        raise SystemExit(code)
