"""The canonical form of an e-mail address (contract, section 4). Two addresses are equal when their forms are equal.

Only ASCII letters are folded. An address is refused when Unicode normalisation or case folding would change it: the
Kelvin sign, full-width letters and ligatures would otherwise give a person a second address. A domain is in its ASCII
form (A-labels, RFC 5890).
"""

import re
import unicodedata
from typing import Final

# Invisible, though Python calls them printable: Unicode's Default_Ignorable_Code_Point, and blank glyphs.
_INVISIBLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u2d7f\u3164\ufe00-\ufe0f\uffa0\ufffc"
    "\U0001107f\U00013441\U00013442\U00016fe4\U0001d159\U000e0100-\U000e01ef]"
)
_ASCII_UPPER: Final = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_ACE_PREFIX: Final = "xn--"
_LABEL: Final = re.compile("[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_LABEL_CHARACTER: Final = re.compile("[a-z0-9_-]")
_IP_LITERAL: Final = re.compile(r"\[[0-9a-z:.-]+\]")
_MAX_LABEL: Final = 63  # RFC 1035, 2.3.4; also keeps punycode short, which takes quadratic time


def canonical_email(raw: str) -> str | None:
    """The canonical form of `raw`, or None for what is not an e-mail address."""
    folded = raw.lower() if raw.isascii() else raw.translate(_ASCII_UPPER)
    local, at, domain = folded.rpartition("@")
    if not (at and local and domain) or "@" in local or not (raw.isprintable() and " " not in raw):
        return None
    host = canonical_domain(domain)
    return None if host is None or not _is_stable(local) else f"{local}@{host}"


def unicode_email(email: str) -> str:
    """The canonical address `email` with its domain in Unicode, as version 0.1.0 stored it."""
    local, _, domain = email.rpartition("@")
    return f"{local}@{'.'.join(_unicode_label(label) or label for label in domain.split('.'))}"


def canonical_domain(domain: str) -> str | None:
    """The ASCII form of a lower-case domain, or None for what is not a domain. An IP address in brackets stays.

    A domain with `ß` or a final sigma has no form: IDNA 2008 takes them for letters, IDNA 2003 mapped them to another
    name.
    """
    if _IP_LITERAL.fullmatch(domain):
        return domain
    labels = domain.split(".")  # the empty label of `example.org.` is refused
    canonical = [form for label in labels if (form := _canonical_label(label)) is not None]
    return ".".join(canonical) if len(canonical) == len(labels) else None


def _canonical_label(label: str) -> str | None:
    if label.isascii() and not _LABEL.fullmatch(label):
        return None
    if label.startswith(_ACE_PREFIX):
        return label if _unicode_label(label) is not None else None
    if label.isascii():
        return label
    lowered = label.lower()  # domains are case-insensitive in every script
    if max(len(label), len(lowered)) > _MAX_LABEL or not _only_case_differs(label, lowered) or not _is_word(lowered):
        return None
    encoded = f"{_ACE_PREFIX}{lowered.encode('punycode').decode('ascii')}"
    return encoded if len(encoded) <= _MAX_LABEL else None


def _only_case_differs(label: str, lowered: str) -> bool:
    """Whether `lowered` has a letter for each letter of `label`, and none of those is a variant of another letter."""
    return len(lowered) == len(label) and unicodedata.normalize("NFKC", label) == label


def _unicode_label(label: str) -> str | None:
    """The Unicode form of an A-label. None for another label, and for an A-label that its form does not encode to."""
    if not (label.isascii() and label.startswith(_ACE_PREFIX) and len(label) <= _MAX_LABEL):
        return None
    try:
        decoded = label.removeprefix(_ACE_PREFIX).encode().decode("punycode")
        round_trips = f"{_ACE_PREFIX}{decoded.encode('punycode').decode('ascii')}" == label
    except ValueError:
        return None
    return decoded if round_trips and not decoded.isascii() and _is_word(decoded) else None


def _is_word(label: str) -> bool:
    """Whether a label has letters, marks, digits and inner hyphens only (RFC 5892)."""
    if label.startswith("-") or label.endswith("-"):
        return False
    return _is_stable(label) and all(
        _LABEL_CHARACTER.fullmatch(char) if char.isascii() else unicodedata.category(char)[0] in "LMN" for char in label
    )


def _is_stable(text: str) -> bool:
    """Whether normalisation and case folding, in both directions, leave `text` unchanged."""
    if text.isascii():
        return True
    return (
        text.isprintable()
        and _INVISIBLE.search(text) is None
        and _folded(text) == text
        and _folded(text.upper()) == text
    )


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
