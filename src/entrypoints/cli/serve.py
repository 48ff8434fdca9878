"""`serve` and `dev`: run the service."""

from pathlib import Path

import click

from entrypoints.cli.token_command import how_to_get_a_token
from entrypoints.serve import serve as run
from entrypoints.serve import serve_worker
from entrypoints.server.workers import end_with
from entrypoints.settings.load import load_settings, require_all
from entrypoints.settings.model import Settings

_host = click.option("--host", help="Address to listen on; also CHAT_HOST.")
_port = click.option("--port", type=int, help="Port to listen on; also CHAT_PORT.")
_server = click.option(
    "--server", type=click.Choice(["granian", "uvicorn"], case_sensitive=False), help="Also CHAT_SERVER."
)


@click.command()
@_host
@_port
@_server
@click.option("--workers", type=int, help="Processes that share the port; also CHAT_WORKERS.")
@click.option("--worker", nargs=3, type=(int, click.Path(path_type=Path), int), hidden=True)
def serve(
    host: str | None, port: int | None, server: str | None, workers: int | None, worker: tuple[int, Path, int] | None
) -> None:
    """Run the service, configured by environment."""
    settings = require_all(load_settings(host=host, port=port, server=server, workers=workers))
    if worker is None:
        run(settings)
    else:
        index, directory, supervisor = worker
        end_with(supervisor)
        serve_worker(settings, directory, index)


@click.command()
@_host
@_port
@_server
def dev(host: str | None, port: int | None, server: str | None) -> None:
    """Run the service on this machine, with everything that it needs."""
    settings = load_settings(profile="dev", host=host, port=port, server=server)
    click.echo("Starting PostgreSQL and the service …")
    run(
        require_all(settings), lambda: click.echo(_welcome(settings))
    )  # in one write, for programs that read only the first line


def _welcome(settings: Settings) -> str:
    url = f"http://{_host_to_go_to(settings.host)}:{settings.port}/"
    lines = [f"chat-service is at {url} and ws{url.removeprefix('http')}ws"]
    if settings.web_client:
        lines += [
            "",
            "Chat with yourself, in one window or in two:",
            f"  both:         {url}?as=ann@example.org&as=bob@example.org",
            f"  Ann:          {url}?as=ann@example.org&with=bob@example.org",
            f"  Bob:          {url}?as=bob@example.org&with=ann@example.org",
            "",
            f"The API:        {url}docs/",
        ]
    else:
        lines.append(f"The API:        {url}schema")
    lines.append(f"Get a token:    {how_to_get_a_token(settings)}")
    lines.append("Stop it with Ctrl-C.")
    return "\n".join(lines)


def _host_to_go_to(host: str) -> str:
    """An address to connect to, for a host to listen on."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"[{host}]" if ":" in host else host
