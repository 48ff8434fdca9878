"""What a user shows of itself, in the JSON that clients get (contract, section 15)."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from application.wire import fields
from domain.identifiers import Intent
from domain.showing import EVERYTHING, Showing

SeenReceipts = Annotated[bool, msgspec.Meta(description="whether the peer is told what one has seen, and in turn")]
DeliveredReceipts = Annotated[bool, msgspec.Meta(description="the same of what was delivered")]
Typing = Annotated[bool, msgspec.Meta(description="the same of typing")]
Presence = Annotated[bool, msgspec.Meta(description="the same of being online")]


class Shows(msgspec.Struct, frozen=True, rename="camel"):
    """What a user shows of itself. Who hides something does not see it of others either."""

    seen_receipts: SeenReceipts = True
    delivered_receipts: DeliveredReceipts = True
    typing: Typing = True
    presence: Presence = True


class UserSettings(Shows, frozen=True, rename="camel", kw_only=True):
    """Settings for an intent; without one, those for all intents that have none of their own."""

    intent: fields.IntentName | UnsetType = UNSET


class SettingsAnswer(msgspec.Struct, frozen=True):
    """All settings of a user."""

    settings: Sequence[UserSettings]


def shown_settings(settings: Mapping[Intent | None, Showing]) -> Sequence[UserSettings]:
    """The settings, those for all intents first."""
    general = UserSettings(**settings.get(None, EVERYTHING)._asdict())
    own = sorted((intent, showing) for intent, showing in settings.items() if intent is not None)
    return [general, *(UserSettings(**showing._asdict(), intent=intent) for intent, showing in own)]
