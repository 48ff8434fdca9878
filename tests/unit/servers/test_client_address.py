"""Whose address a request has, behind proxies that are trusted or not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrypoints.asgi.client_address import ClientAddresses
from entrypoints.settings.types import Networks

PROXIES = Networks.parse("10.0.0.0/8, 192.0.2.1, fd00::/8")


def address(peer: str | None, *forwarded: str, trusted: Networks = PROXIES) -> str:
    headers = [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]
    scope: dict[str, Any] = {"client": None if peer is None else (peer, 1234), "headers": headers}
    return ClientAddresses(trusted).of(scope)


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("10.1.2.3", ["198.51.100.1"], "198.51.100.1"),
        ("10.1.2.3", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
        ("10.1.2.3", ["1.1.1.1, 198.51.100.1, 10.9.9.9"], "198.51.100.1"),
        ("10.1.2.3", ["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
        ("192.0.2.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("192.0.2.2", ["198.51.100.1"], "192.0.2.2"),
        ("10.1.2.3", ["[2001:db8:1:2:3::4]:99"], "2001:db8:1:2::/64"),
        ("::ffff:10.1.2.3", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("fd00::1", ["2001:db8:1:2::5"], "2001:db8:1:2::/64"),
        ("2001:db8:1:2:3:4:5:6", [], "2001:db8:1:2::/64"),
        ("10.1.2.3", [], "10.1.2.3"),
        ("10.1.2.3", ["unknown"], "10.1.2.3"),
        ("10.1.2.3", ["1.1.1.1, _hidden, 10.4.4.4"], "10.4.4.4"),
        ("10.1.2.3", ["10.5.5.5"], "10.5.5.5"),
        (None, ["1.1.1.1"], ""),
        ("/run/socket", ["1.1.1.1"], ""),
    ],
)
def test_the_right_most_address_that_is_not_trusted(peer: str | None, forwarded: list[str], expected: str) -> None:
    assert address(peer, *forwarded) == expected


@given(st.lists(st.text(st.characters(max_codepoint=255))))
def test_a_client_cannot_choose_its_address(forged: list[str]) -> None:
    """What a trusted proxy adds at the right counts, whatever the client wrote before."""
    assert address("10.1.2.3", *forged, "198.51.100.1") == "198.51.100.1"
    assert address("203.0.113.9", *forged) == "203.0.113.9"
