"""`token`: prints a JWT to try the service out."""

from datetime import timedelta

import click

from adapters.jwt.signing import issue_service_token
from adapters.jwt.verifier import MAX_SERVICE_LIFETIME
from adapters.system.clock import SystemClock
from domain.errors import Invalid
from domain.identifiers import parse_email
from entrypoints.development.keys import dev_keys
from entrypoints.development.tokens import make_token, makes_tokens
from entrypoints.settings.load import load_settings
from entrypoints.settings.types import Duration

DEFAULT_LIFETIME = 3600.0
MIN_LIFETIME = 1.0  # times in tokens are whole seconds


class Lifetime(click.ParamType[Duration]):
    """The type of `--ttl`."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Duration:
        """Parses a duration. Fails for less than a second."""
        try:
            lifetime = Duration.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if lifetime < MIN_LIFETIME:
            self.fail("a second or more is expected", param, ctx)
        return lifetime


@click.command()
@click.argument("email")
@click.option("--ttl", type=Lifetime(), show_default="1h; 2m of a service", help="How long it is valid.")
@click.option(
    "--service", metavar="NAME", help="The token of a service, which may act for anybody; its --ttl is 2m at most."
)
def token(email: str, ttl: Duration | None, service: str | None) -> None:
    """Print a token for EMAIL, valid for the dev profile."""
    if service is not None and (not service.strip() or "@" in service):
        raise click.UsageError("--service: the name of a service is expected, which is no e-mail address")
    if service is not None and ttl is not None and ttl > MAX_SERVICE_LIFETIME:
        raise click.UsageError(f"--ttl: the token of a service lasts {Duration(MAX_SERVICE_LIFETIME)} at most")
    if ttl is None:
        ttl = Duration(DEFAULT_LIFETIME if service is None else MAX_SERVICE_LIFETIME)
    settings = load_settings()
    if settings.profile != "dev":
        raise click.ClickException("tokens are made in the dev profile only: set CHAT_PROFILE=dev")
    if not makes_tokens(settings):
        raise click.ClickException("the service takes tokens of another issuer: CHAT_JWT_… is set")
    try:
        address = parse_email(email)
    except Invalid as error:
        raise click.UsageError(error.detail) from None
    now, lifetime = SystemClock().now(), timedelta(seconds=ttl)
    if service is None:
        made = make_token(settings, address, lifetime, now)
    else:
        if service in (settings.jwt_issuer, settings.service_name, *settings.trusted_service_files()):
            raise click.UsageError(f"--service: {service} cannot speak with the key of `dev`")
        made = issue_service_token(dev_keys(settings).private, service, settings.service_name, lifetime, now)
    click.echo(made)
