"""Tokens for any user, in profiles without an issuer of their own."""

from datetime import datetime, timedelta

from adapters.jwt.signing import issue_user_token
from domain.identifiers import Email
from entrypoints.development.keys import dev_keys
from entrypoints.settings.model import Settings


def makes_tokens(settings: Settings) -> bool:
    """Whether this service makes tokens: not in `prod`, and not when it accepts tokens of another issuer."""
    return settings.profile != "prod" and not (settings.jwt_public_key_file or settings.jwt_jwks_url)


def make_token(settings: Settings, email: Email, lifetime: timedelta, now: datetime) -> str:
    """Makes a token of a user, valid for `lifetime`. Raises `SettingsError` in `prod`."""
    issuer, audience = settings.jwt_issuer or None, settings.jwt_audience or None
    return issue_user_token(dev_keys(settings).private, email, lifetime, now, issuer=issuer, audience=audience)
