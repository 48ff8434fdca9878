"""Canonical e-mail addresses: a person has one spelling, and no two people share one."""

import unicodedata
from contextlib import suppress
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.email_address import canonical_email, unicode_email
from domain.errors import Invalid
from domain.identifiers import MAX_EMAIL_LENGTH, parse_email


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        ("Kate@Example.ORG", "kate@example.org"),
        ("\u00e9mile@example.org", "\u00e9mile@example.org"),
        ("kate@b\u00fccher.example", "kate@xn--bcher-kva.example"),
        ("kate@B\u00dcCHER.example", "kate@xn--bcher-kva.example"),
        ("KATE@XN--BCHER-KVA.EXAMPLE", "kate@xn--bcher-kva.example"),
        (
            "\u0438\u0432\u0430\u043d@\u043f\u043e\u0447\u0442\u0430.\u0440\u0444",
            "\u0438\u0432\u0430\u043d@xn--80a1acny.xn--p1ai",
        ),
        ("\u7528\u6237@\u4f8b\u5b50.\u4e2d\u56fd", "\u7528\u6237@xn--fsqu00a.xn--fiqs8s"),
    ],
)
def test_an_address_has_one_canonical_form(raw: str, canonical: str) -> None:
    assert parse_email(raw) == canonical
    assert parse_email(canonical) == canonical


@pytest.mark.parametrize(
    "letters",
    [
        "\u212aate",  # KELVIN SIGN
        "\uff4bate",  # full-width k
        "o\ufb03ce",  # LATIN SMALL LIGATURE FFI
        "\u0131an",  # dotless i
        "\u0130an",  # I with a dot
        "\u017fam",  # long s
        "stra\u00dfe",
        "\u00c9mile",
        "e\u0301mile",  # not NFC
        "\u00b5",  # MICRO SIGN
        "\u2460",  # circled 1
        "kate\ufe0f",  # an invisible variation selector
        "ka\u034fte",  # an invisible joiner
        "kate\u200d",
        "\u3164kate",  # a filler without a shape
    ],
    ids=ascii,
)
def test_a_letter_that_normalisation_changes_is_refused(letters: str) -> None:
    with pytest.raises(Invalid):
        parse_email(f"{letters}@example.org")


@pytest.mark.parametrize(
    "domain",
    [
        "\u212a.org",
        "\uff45xample.org",
        "example\u3002org",  # a full stop that IDNA takes for a dot
        "example\uff0eorg",
        "fa\u00df.de",
        "example.org.",
        "example..org",
        "xn--.org",
        "xn--kate-.org",  # the encoding of ASCII
        "xn--99999999.org",  # of nothing
        "xn--ate-3y5a.org",
        "\u2665.org",
        "\u00fc" * 63 + ".org",
    ],
    ids=ascii,
)
def test_a_domain_with_a_second_spelling_is_refused(domain: str) -> None:
    with pytest.raises(Invalid):
        parse_email(f"kate@{domain}")


WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


@given(WORDS, WORDS)
def test_a_canonical_form_is_stable_under_normalisation(local: str, domain: str) -> None:
    canonical = canonical_email(f"{local}@{domain}")
    if canonical is None:
        return
    assert canonical_email(canonical) == canonical
    assert canonical.rpartition("@")[2].isascii()
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        for turned in (canonical, canonical.upper(), canonical.casefold(), canonical.lower()):
            assert canonical_email(unicodedata.normalize(form, turned)) in (None, canonical)


@given(st.characters(exclude_categories=["Cs"], min_codepoint=128))
def test_no_other_letter_becomes_an_ascii_letter(letter: str) -> None:
    canonical = canonical_email(f"k{letter}te@{letter}.org")
    assert canonical is None or letter in canonical.partition("@")[0]


@given(st.text(st.characters(codec="utf-8"), max_size=2 * MAX_EMAIL_LENGTH))
def test_any_text_is_parsed_or_invalid(raw: str) -> None:
    with suppress(Invalid):
        assert len(parse_email(raw)) <= MAX_EMAIL_LENGTH


def test_a_long_label_is_refused_before_it_is_encoded() -> None:
    started = monotonic()
    assert canonical_email("kate@" + "".join(chr(0x4E00 + number) for number in range(20_000)) + ".org") is None
    assert monotonic() - started < 0.2


@given(st.text(st.sampled_from("ab\u00fc\u0436\u4e2d\u0dca-"), min_size=1, max_size=9))
def test_unicode_email_is_the_address_that_version_0_1_stored(label: str) -> None:
    canonical = canonical_email(f"kate@{label}.org")
    if canonical is not None:
        assert unicode_email(canonical) == f"kate@{label}.org"


@pytest.mark.parametrize(
    "domain", ["a:80", "a/b", "<.org", "-a.org", "a-.org", f"{'a' * 64}.org", "-\u00fc.org", "a?b", "a,b.org"]
)
def test_a_domain_that_is_not_a_host_name_is_refused(domain: str) -> None:
    with pytest.raises(Invalid):
        parse_email(f"bob@{domain}")


@pytest.mark.parametrize(
    "domain", ["localhost", "a_b.example", "1.example", "[127.0.0.1]", f"{'a' * 63}.org", "a--b.org"]
)
def test_a_host_name_or_an_ip_address_is_a_domain(domain: str) -> None:
    assert parse_email(f"bob@{domain}") == f"bob@{domain}"


@pytest.mark.parametrize(
    "blank", ["\u2800", "\u3164", "\ufffc", "\U0001d159", "\U00016fe4", "\U00013441", "\u200b"], ids=ascii
)
def test_an_invisible_letter_is_refused(blank: str) -> None:
    for local in (f"bob{blank}", f"b{blank}ob", blank):
        with pytest.raises(Invalid):
            parse_email(f"{local}@example.org")
