"""The one canonical form of an e-mail address: whoever is written differently is somebody else.

Letters are folded in ASCII alone. Whatever Unicode's normalisation or case folding would turn into other letters is
refused: the Kelvin sign, full-width letters, ligatures and the like would make a second name of somebody's address.
A domain is written in its ASCII form (RFC 5890, A-labels).
"""

import re
import unicodedata
from typing import Final

# Nobody sees them: Unicode's Default_Ignorable_Code_Point, as far as it is printable, and glyphs that are blank.
_INVISIBLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u2d7f\u3164\ufe00-\ufe0f\uffa0\ufffc"
    "\U0001107f\U00013441\U00013442\U00016fe4\U0001d159\U000e0100-\U000e01ef]"
)
_ASCII_UPPER: Final = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_ACE_PREFIX: Final = "xn--"
_LABEL: Final = re.compile("[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_LABEL_CHARACTER: Final = re.compile("[a-z0-9_-]")
_ADDRESS: Final = re.compile(r"\[[0-9a-z:.-]+\]")
_MAX_LABEL: Final = 63  # RFC 1035, 2.3.4; also keeps punycode short, which takes quadratic time


def canonical_email(raw: str) -> str | None:
    """The canonical form of `raw`; None when it has none."""
    folded = raw.lower() if raw.isascii() else raw.translate(_ASCII_UPPER)
    local, at, domain = folded.rpartition("@")
    if not (at and local and domain) or "@" in local or not (raw.isprintable() and " " not in raw):
        return None
    host = canonical_domain(domain)
    return None if host is None or not _is_stable(local) else f"{local}@{host}"


def unicode_email(email: str) -> str:
    """A canonical address with its domain in Unicode, as version 0.1.0 has stored it."""
    local, _, domain = email.rpartition("@")
    return f"{local}@{'.'.join(_unicode_label(label) or label for label in domain.split('.'))}"


def canonical_domain(domain: str) -> str | None:
    """The ASCII form of a lower-case domain, or an address in brackets; None where it has none.

    `ß` and the final sigma have none: what IDNA 2008 takes for a letter, 2003 has mapped to another name.
    """
    if _ADDRESS.fullmatch(domain):
        return domain
    labels = domain.split(".")  # `example.org.`, with an empty one, would be `example.org` once more
    canonical = [_canonical_label(label) for label in labels]
    known = [label for label in canonical if label is not None]
    return ".".join(known) if len(known) == len(labels) else None


def _canonical_label(label: str) -> str | None:
    if label.isascii() and not _LABEL.fullmatch(label):
        return None
    if label.startswith(_ACE_PREFIX):
        return label if _unicode_label(label) is not None else None
    if label.isascii():
        return label
    small = label.lower()  # the case of a domain means nothing in any script
    if max(len(label), len(small)) > _MAX_LABEL or not _is_lowered(small, label) or not _is_word(small):
        return None
    encoded = f"{_ACE_PREFIX}{small.encode('punycode').decode('ascii')}"
    return encoded if len(encoded) <= _MAX_LABEL else None


def _is_lowered(small: str, label: str) -> bool:
    """Whether only the case differs: no letter became two, and none was another form of one."""
    return len(small) == len(label) and unicodedata.normalize("NFKC", label) == label


def _unicode_label(label: str) -> str | None:
    """What an A-label means; None for any other label, and for one that is not the encoding of its meaning."""
    if not (label.isascii() and label.startswith(_ACE_PREFIX) and len(label) <= _MAX_LABEL):
        return None
    try:
        meaning = label.removeprefix(_ACE_PREFIX).encode().decode("punycode")
        is_its_encoding = f"{_ACE_PREFIX}{meaning.encode('punycode').decode('ascii')}" == label
    except ValueError:
        return None
    return meaning if is_its_encoding and not meaning.isascii() and _is_word(meaning) else None


def _is_word(label: str) -> bool:
    """Letters, marks, digits and hyphens (RFC 5892): no other dots, no symbols, no hyphen at an end."""
    if label.startswith("-") or label.endswith("-"):
        return False
    return _is_stable(label) and all(
        _LABEL_CHARACTER.fullmatch(one) if one.isascii() else unicodedata.category(one)[0] in "LMN" for one in label
    )


def _is_stable(text: str) -> bool:
    """Whether normalisation and case folding, in both directions, leave it as it is."""
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
