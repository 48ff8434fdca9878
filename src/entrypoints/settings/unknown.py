"""Finds names that look like settings, most likely misspelt ones (contract, section 3)."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from difflib import get_close_matches

from entrypoints.settings.model import PREFIX, Settings, setting_name

CONFIG_FILE = "CHAT_CONFIG_FILE"

_FIELDS = frozenset(Settings.__struct_fields__)
_PORT_NUMBER = r"PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?"
# The variables that Kubernetes sets in each container for a Service with the name `chat` or `chat-…`.
_SERVICE_LINK = re.compile(rf"CHAT_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|{_PORT_NUMBER})")
_SERVICE_ADDRESS = re.compile(r"(tcp|udp|sctp)://\S+")


def is_service_link(name: str, value: str) -> bool:
    """Whether Kubernetes has set this variable for a Service, as `CHAT_PORT=tcp://10.0.0.1:80`."""
    if name.endswith("PORT") and _SERVICE_ADDRESS.fullmatch(value):
        return True
    return _SERVICE_LINK.fullmatch(name) is not None


def unknown_variables(environment: Mapping[str, str]) -> Iterator[str]:
    """A line for each unknown variable, with the name that was probably meant. Ignores empty ones."""
    known = {CONFIG_FILE} | {setting_name(field) for field in field_names()}
    for name, value in sorted(environment.items()):
        upper = name.upper()
        if not value or name in known or is_service_link(name, value):
            continue
        if name.startswith(PREFIX):
            yield f"{name} is no setting{_meant(_closest(name.removeprefix(PREFIX).lower()), setting_name)}"
        elif upper in known:
            yield f"{name} is no setting: {upper} was probably meant"


def unknown_keys(path: str, keys: Collection[str]) -> Iterator[str]:
    """A line for each unknown key of the file at `path`."""
    for key in sorted(keys):
        meant = _meant(_closest(key.lower().removeprefix(PREFIX.lower())), str)
        yield f"{CONFIG_FILE}: {path} has {key}, which is no setting{meant}"


def field_names() -> frozenset[str]:
    """The names of all settings in lower case without their prefix, and their forms with `_file`."""
    return _FIELDS | {f"{field}_file" for field in _FIELDS}


def _meant(field: str | None, name: Callable[[str], str]) -> str:
    return f": {name(field)} was probably meant" if field else ""


def _closest(short: str) -> str | None:
    if f"{short}_file" in _FIELDS:
        return f"{short}_file"
    candidates = [*sorted(_FIELDS), *sorted(f"{field}_file" for field in _FIELDS), "config_file"]
    close = get_close_matches(short, candidates, n=1, cutoff=0.7)
    if close:
        return close[0]
    # the words in another order, or with an additional word
    words = set(short.split("_"))
    return next((field for field in sorted(_FIELDS) if words == set(field.split("_"))), None)
