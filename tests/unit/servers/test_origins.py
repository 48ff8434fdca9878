"""One meaning of an origin, for REST, WebSocket and SockJS."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrypoints.asgi.origins import Origins, is_of_host
from entrypoints.rest.cors import Cors
from entrypoints.settings.load import load_settings
from entrypoints.settings.model import SettingsError


def allows(allowed: str, origin: str) -> bool:
    """The same answer by REST and by WebSocket."""
    words = allowed.split(",")
    answers = {
        Origins(words).allow({"origin": origin, "host": "chat.example.org"}),
        Cors(words).is_origin_allowed(origin),
    }
    (answer,) = answers
    return answer


@pytest.mark.parametrize(
    "allowed",
    [
        "https://app.example.org",
        "https://app.example.org/",
        "https://App.Example.ORG",
        "HTTPS://app.example.org:443",
        "https://other.example.org,https://*.example.org",
        "*",
    ],
)
def test_one_origin_in_many_spellings(allowed: str) -> None:
    assert allows(allowed, "https://app.example.org")
    assert allows(allowed, "https://app.example.org:443")


@pytest.mark.parametrize(
    ("allowed", "origin"),
    [
        ("https://app.example.org", "http://app.example.org"),
        ("https://app.example.org", "https://app.example.org:8443"),
        ("https://app.example.org", "https://app.example.org.evil.org"),
        ("https://app.example.org", "https://evil.org/https://app.example.org"),
        ("https://app.example.org", "https://app.example.org@evil.org"),
        ("https://app.example.org", "null"),
        ("https://app.example.org", "http://["),
        ("https://app.example.org", ""),
        ("https://*.example.org", "https://example.org"),
        ("https://*.example.org", "https://a.b.example.org"),
        ("https://*.example.org", "https://evilexample.org"),
        ("https://*.example.org", "https://.example.org"),
        ("https://*.example.org", "http://a.example.org"),
        ("https://*.example.org", "https://*.example.org"),
    ],
)
def test_others_are_others(allowed: str, origin: str) -> None:
    assert not allows(allowed, origin)


def test_other_forms_of_origins_can_be_allowed() -> None:
    assert allows("null", "null")
    assert allows("https://bücher.example", "https://xn--bcher-kva.example")
    assert allows("http://[2001:DB8:0::1]:8080", "http://[2001:db8::1]:8080")
    assert allows("https://*.example.org:8443", "https://a.example.org:8443")
    assert allows("chrome-extension://abcdef", "chrome-extension://abcdef")


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("app.example.org", "https://app.example.org"),
        ("https://app.example.org/chat", "https://app.example.org"),
        ("https://app.example.org?a", "https://app.example.org"),
        ("https://me@app.example.org", "https://app.example.org"),
        ("https://app.*.org", "scheme://*.domain"),
        ("https://*", "scheme://*.domain"),
        ("https://", "scheme://*.domain"),
        ("https://a:99999", "scheme://*.domain"),
    ],
)
def test_a_malformed_setting_stops_the_start_and_shows_the_right_form(value: str, meant: str) -> None:
    with pytest.raises(SettingsError, match="CHAT_ALLOWED_ORIGINS") as error:
        load_settings({"CHAT_PROFILE": "test", "CHAT_ALLOWED_ORIGINS": value})
    assert meant in str(error.value)


@pytest.mark.parametrize(
    ("origin", "host", "same"),
    [
        ("https://chat.example.org", "chat.example.org", True),
        ("https://chat.example.org", "chat.example.org:443", True),
        ("http://chat.example.org", "chat.example.org:80", True),
        ("http://chat.example.org", "CHAT.example.org", True),
        ("https://Chat.example.org:443", "chat.example.org", True),
        ("http://localhost:8080", "localhost:8080", True),
        ("http://[::1]:8080", "[::1]:8080", True),
        ("http://chat.example.org", "chat.example.org:443", False),
        ("https://chat.example.org:8443", "chat.example.org", False),
        ("https://evil.example.org", "chat.example.org", False),
        ("null", "chat.example.org", False),
        ("http://[", "[", False),
        ("https://chat.example.org", "", False),
    ],
)
def test_the_same_host(origin: str, host: str, same: bool) -> None:
    assert is_of_host(origin, host) is same
    assert Origins(()).allow({"origin": origin, "host": host}) is same


@given(st.text(), st.text())
def test_no_header_is_a_failure(origin: str, host: str) -> None:
    Origins(()).allow({"origin": origin, "host": host})
    assert not Origins(["https://app.example.org"]).names("https://app.example.org" + "." + origin)


@pytest.mark.parametrize(
    "word", ["https://stra\u00dfe.de", "https://*.stra\u00dfe.de", "https://*.org", "http://*.com:80"]
)
def test_a_name_with_two_meanings_or_of_a_whole_top_level_domain_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match=r"origin|top-level"):
        Origins([word])


def test_an_international_name_is_its_ascii_form_and_no_other() -> None:
    origins = Origins(["https://b\u00fccher.example", "https://xn--strae-oqa.de"])
    assert origins.names("https://xn--bcher-kva.example")
    assert origins.names("https://xn--strae-oqa.de")
    assert not origins.names("https://strasse.de")
    assert not origins.names("https://bucher.example")
