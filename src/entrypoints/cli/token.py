"""`token`: one JWT for trying things out."""

from datetime import timedelta

import click

from adapters.jwt.signing import issue_service_token
from adapters.jwt.verifier import MAX_SERVICE_LIFETIME
from adapters.system.clock import SystemClock
from domain.errors import Invalid
from domain.identifiers import parse_email
from entrypoints.dev_keys import dev_keys
from entrypoints.dev_tokens import make_token, makes_tokens
from entrypoints.load_settings import load_settings
from entrypoints.setting_types import Duration


class DurationType(click.ParamType[Duration]):
    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Duration:
        try:
            return Duration.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command()
@click.argument("email")
@click.option("--ttl", type=DurationType(), default="1h", show_default=True, help="How long it is valid.")
@click.option("--service", metavar="NAME", help="The token of a service, which may act for anybody, for 2 minutes.")
def token(email: str, ttl: Duration, service: str | None) -> None:
    """Print a token for EMAIL, valid for the dev profile."""
    settings = load_settings()
    if settings.profile != "dev":
        raise click.ClickException("tokens are made in the dev profile only: set CHAT_PROFILE=dev")
    if not makes_tokens(settings):
        raise click.ClickException("the service takes tokens of another issuer: CHAT_JWT_… is set")
    try:
        address = parse_email(email)
    except Invalid as error:
        raise click.UsageError(error.detail) from None
    now = SystemClock().now()
    if service is None:
        made = make_token(settings, address, timedelta(seconds=ttl), now)
    else:
        lifetime = timedelta(seconds=min(ttl, MAX_SERVICE_LIFETIME))
        made = issue_service_token(dev_keys(settings).private, service, settings.service_name, lifetime, now)
    click.echo(made)
