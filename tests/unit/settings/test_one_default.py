"""What a setting decides has one default and one name: those of the setting."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from entrypoints import app, container, ports, serve, store, wiring
from entrypoints.credentials import broker_secrets, trusted_services
from entrypoints.settings.model import Settings
from entrypoints.settings.types import Networks
from entrypoints.sockjs import mounts

COMPOSITION = (app, container, ports, serve, store, wiring, mounts, broker_secrets, trusted_services)
OURS = ("domain.", "application.", "adapters.", "entrypoints.")
FOR_TESTS_TOO = {"create_engine", "PostgresMessageRepository"}
"""Tests and commands leave these out, so that their defaults have to be those of the settings."""

NONE = (None, False, (), Networks())
"""That something is not switched on or not there is no value of its own."""

GENERAL = {
    "fail_max",
    "is_open",
    "max_at_once",
    "max_body",
    "max_body_bytes",
    "max_messages",
    "open_for",
    "patience",
    "per_second",
}
"""Names of parts that are used with several settings, or that clients see."""


class Handed(NamedTuple):
    """A parameter that is given the value of a setting."""

    where: str
    callee: str
    parameter: inspect.Parameter
    setting: str | None


def handed(module: ModuleType) -> Iterator[Handed]:
    """All that `module` makes of settings and hands on to code of ours."""
    assert module.__file__ is not None
    for call in ast.walk(ast.parse(Path(module.__file__).read_text())):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name | ast.Attribute):
            continue
        name, arguments = ast.unparse(call.func), list(call.args)
        if name == "singleton":
            name = ast.unparse(arguments.pop(0)).partition("[")[0]
        callee = resolved(module, name)
        if callee is None or not callee.__module__.startswith(OURS) or is_builtin(callee):
            continue
        parameters = inspect.signature(callee).parameters
        given = [*zip(parameters, arguments, strict=False), *((each.arg or "", each.value) for each in call.keywords)]
        for parameter, value in given:
            setting = setting_in(value)
            if setting is not None and parameter in parameters:
                yield Handed(f"{module.__name__}:{call.lineno}", name, parameters[parameter], setting or None)


def resolved(module: ModuleType, name: str) -> Any:
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    return found if callable(found) else None


def is_builtin(callee: Any) -> bool:
    """Whether it is made as a text or an exception is."""
    return isinstance(callee, type) and issubclass(callee, (str, Exception))


def setting_in(value: ast.expr) -> str | None:
    """The setting that `value` is, "" when it is made of some, None when it is not."""
    text = ast.unparse(value).replace("self._settings", "settings").replace("use(settings)", "settings")
    if text.startswith("settings.") and text.removeprefix("settings.") in Settings.__struct_fields__:
        return text.removeprefix("settings.")
    return "" if "settings." in text or "use(singleton(wiring." in text else None


HANDED = [each for module in COMPOSITION for each in handed(module)]


def test_the_composition_is_read() -> None:
    assert len({each.setting for each in HANDED}) > 40
    assert {"CachedProfileLookup", "ConnectionLimits", "RelaySettings", "SockJsLimits"} <= {
        each.callee for each in HANDED
    }


@pytest.mark.parametrize("each", HANDED, ids=lambda each: f"{each.where}-{each.parameter.name}")
def test_a_value_of_a_setting_has_one_default(each: Handed) -> None:
    default = each.parameter.default
    if each.callee in FOR_TESTS_TOO and each.setting is not None:
        assert default == getattr(Settings(), each.setting)
    else:
        assert default is inspect.Parameter.empty or default in NONE


@pytest.mark.parametrize("each", HANDED, ids=lambda each: f"{each.where}-{each.parameter.name}")
def test_a_parameter_has_the_name_of_its_setting(each: Handed) -> None:
    name = each.parameter.name
    assert each.setting is None or name in GENERAL or name in each.setting
