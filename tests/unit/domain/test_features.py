"""Features: their names, which are on, and the refusal of the others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import FeatureOff
from domain.features import OFFERED, Feature, Features


@given(st.sets(st.sampled_from(Feature)))
def test_require_refuses_features_that_are_off(on: set[Feature]) -> None:
    features = Features(on)
    assert set(features.names) == {feature.value for feature in on}
    for feature in Feature:
        if feature in on:
            features.require(feature)
        else:
            with pytest.raises(FeatureOff):
                features.require(feature)


@given(st.permutations(list(Feature)))
def test_the_names_have_a_fixed_order(order: list[Feature]) -> None:
    assert Features(order).names == tuple(Feature)


def test_no_names_mean_every_offered_feature() -> None:
    assert set(Features.wanted(()).names) == OFFERED


def test_a_feature_that_is_not_offered_stays_off() -> None:
    assert set(Features.wanted([feature.value for feature in Feature]).names) == OFFERED
