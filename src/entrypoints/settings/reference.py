"""Makes the table in `docs/settings.md` from `model.py`. `make docs` runs it."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from entrypoints.checkout import PROJECT
from entrypoints.settings.bounds import LEAST_DURATION, MAY_BE_ZERO
from entrypoints.settings.model import Settings, setting_name
from entrypoints.settings.profiles import PROFILE_DEFAULTS
from entrypoints.settings.types import Duration, Names, Networks, Secret

BEGIN = "<!-- settings: written by make docs -->"
END = "<!-- end of settings -->"

_WORDS: dict[type, str] = {
    Duration: "duration",
    Names: "list",
    Networks: "networks",
    Secret: "secret",
    Path: "path",
    bool: "`true`, `false`",
    int: "number",
    str: "text",
}


def settings_table() -> str:
    """A Markdown table with a row for each setting, in the order of `Settings`."""
    head = ["| setting | form | default | what it is |", "|---|---|---|---|"]
    return "\n".join([*head, *_rows()])


def with_settings(text: str) -> str:
    """Replaces the table between the markers in `text`. Raises ValueError without the markers."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the text has no {BEGIN} with {END} behind it")
    return f"{before}{BEGIN}\n\n{settings_table()}\n\n{END}{after}"


def _rows() -> Iterator[str]:
    hints = get_type_hints(Settings, include_extras=True)
    for field in msgspec.structs.fields(Settings):
        kind, *metas = get_args(hints[field.name])
        description = next(meta.description for meta in metas if meta.description)
        form = _form(kind, metas) + _least(field.name, kind)
        cells = (f"`{setting_name(field.name)}`", form, _defaults(field), description)
        yield f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


def _least(name: str, kind: Any) -> str:
    if kind is not Duration:
        return ""
    return f", at least {Duration(LEAST_DURATION)}" + (", or 0" if name in MAY_BE_ZERO else "")


def _form(kind: Any, metas: Sequence[msgspec.Meta]) -> str:
    if get_origin(kind) is Literal:
        return ", ".join(f"`{word}`" for word in get_args(kind))
    least = next((meta.ge for meta in metas if meta.ge is not None), None)
    most = next((meta.le for meta in metas if meta.le is not None), None)
    if most is not None:
        return f"{_WORDS[kind]}, {least} to {most}"
    return _WORDS[kind] if least is None else f"{_WORDS[kind]}, at least {least}"


def _defaults(field: msgspec.structs.FieldInfo) -> str:
    """The default of `prod`, and the defaults of the other profiles that differ."""
    others: dict[str, list[str]] = {}
    for profile, defaults in PROFILE_DEFAULTS.items():
        if field.name in defaults:
            others.setdefault(_shown(defaults[field.name]), []).append(profile)
    return "; ".join(
        [
            _shown(field.default),
            *(f"{value} in {' and '.join(f'`{profile}`' for profile in at)}" for value, at in others.items()),
        ]
    )


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, Path) and value.is_relative_to(PROJECT):
        return f"`{value.relative_to(PROJECT)}`"
    return f"`{value!s}`" if str(value) else "unset"


def main() -> None:
    """Writes the table into the file that the command line names."""
    page = Path(sys.argv[1])
    page.write_text(with_settings(page.read_text()))


if __name__ == "__main__":
    main()
