"""The ids of withheld messages: others than the real ones, and only the service knows the way back."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from domain.rules.withheld_ids import WithheldIds

IDS = WithheldIds(b"a key")


@given(st.uuids())
def test_the_way_back_is_found(real: UUID) -> None:
    disguised = IDS.disguised(real)
    assert IDS.real(disguised) == real
    assert disguised not in (real, IDS.disguised_client_id(real), WithheldIds(b"another key").disguised(real))


@given(st.uuids(), st.uuids())
def test_no_two_messages_share_an_id(one: UUID, other: UUID) -> None:
    assert (IDS.disguised(one) == IDS.disguised(other)) == (one == other)
    assert (IDS.disguised_client_id(one) == IDS.disguised_client_id(other)) == (one == other)
