"""Tokens for whoever asks: how the profiles without an issuer of their own let people in."""

from datetime import datetime, timedelta

from adapters.jwt.signing import issue_user_token
from domain.identifiers import Email
from entrypoints.development.keys import dev_keys
from entrypoints.settings.model import Settings


def makes_tokens(settings: Settings) -> bool:
    """Not in `prod`, and not where the service takes tokens of another issuer."""
    return settings.profile != "prod" and not (settings.jwt_public_key_file or settings.jwt_jwks_url)


def make_token(settings: Settings, email: Email, lifetime: timedelta, now: datetime) -> str:
    """Raises `SettingsError` in `prod`."""
    issuer, audience = settings.jwt_issuer or None, settings.jwt_audience or None
    return issue_user_token(dev_keys(settings).private, email, lifetime, now, issuer=issuer, audience=audience)
