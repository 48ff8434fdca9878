"""Features that an operator can switch off, so that old and new instances can run side by side."""

from collections.abc import Collection
from enum import StrEnum
from typing import Final

from domain.errors import FeatureOff


class Feature(StrEnum):
    """The name of a feature, as settings and clients spell it."""

    EVENTS = "events"
    EDIT = "edit"
    DELETE = "delete"
    REPLY = "reply"
    REACTIONS = "reactions"
    TYPING = "typing"
    PRESENCE = "presence"
    UNREAD = "unread"
    SETTINGS = "settings"
    BLOCK = "block"
    REPORT = "report"
    ATTACHMENTS = "attachments"
    PUSH = "push"


def switched_off(feature: Feature, field: str | None = None) -> FeatureOff:
    """The refusal of a request that needs `feature`, or that has it in its `field`."""
    return FeatureOff(f"{feature} is not switched on here", field=field)


OFFERED: Final[frozenset[Feature]] = frozenset(
    {
        Feature.EVENTS,
        Feature.EDIT,
        Feature.DELETE,
        Feature.REPLY,
        Feature.REACTIONS,
        Feature.TYPING,
        Feature.PRESENCE,
        Feature.UNREAD,
        Feature.SETTINGS,
        Feature.BLOCK,
    }
)
"""The features that this version has."""


class Features:
    """The features that are switched on."""

    __slots__ = ("_on",)

    def __init__(self, on: Collection[Feature] = ()) -> None:
        self._on = frozenset(on)

    @classmethod
    def wanted(cls, names: Collection[str]) -> "Features":
        """Those of `names` that this version has; all of them when no name is given.

        Raises `ValueError` for a name that no feature has.
        """
        return cls(OFFERED & {Feature(name) for name in names} if names else OFFERED)

    def without(self, feature: Feature) -> "Features":
        """These features except `feature`."""
        return Features(self._on - {feature})

    def __contains__(self, feature: object) -> bool:
        return feature in self._on

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the features that are on, in a fixed order."""
        return tuple(feature.value for feature in Feature if feature in self._on)

    def require(self, feature: Feature, field: str | None = None) -> None:
        """Raises `FeatureOff` when `feature`, which a request has in its `field`, is not on."""
        if feature not in self._on:
            raise switched_off(feature, field)
