"""Which features the settings switch on."""

from typing import Final

from domain.features import Feature, Features
from entrypoints.settings.model import Settings

NONE: Final = "none"


def features_of(settings: Settings) -> Features:
    """The features of `CHAT_FEATURES`. Raises `ValueError` with what is wrong."""
    names = settings.features
    if tuple(names) == (NONE,):
        return Features()
    unknown = [name for name in names if name not in tuple(Feature)]
    if unknown:
        raise ValueError(f"{unknown[0]} is no feature; there are {', '.join(Feature)}")
    on = Features.wanted(names)
    return on if settings.edit_window else on.without(Feature.EDIT)
