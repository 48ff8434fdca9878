"""`CHAT_FEATURES`."""

import pytest

from domain.features import OFFERED, Feature
from entrypoints.settings.features import features_of
from entrypoints.settings.load import load_settings
from entrypoints.settings.model import SettingsError


def names(given: str) -> set[str]:
    return set(features_of(load_settings({"CHAT_FEATURES": given})).names)


def test_each_feature_may_be_named() -> None:
    assert names(", ".join(Feature)) == OFFERED


def test_unset_is_all_and_none_is_nothing() -> None:
    assert names("") == OFFERED
    assert names("none") == set()


@pytest.mark.parametrize("given", ["edits", "edit,Reply", "none,edit", "edit;delete"])
def test_an_unknown_name_stops_the_start(given: str) -> None:
    with pytest.raises(SettingsError, match=r"^CHAT_FEATURES: .* is no feature"):
        load_settings({"CHAT_FEATURES": given})
