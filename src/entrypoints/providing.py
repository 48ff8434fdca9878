"""Typed providers for the container: the type checker checks the arguments of a builder as in a call."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from dependency_injector import providers

P = ParamSpec("P")
T = TypeVar("T")


def singleton(builder: Callable[P, T], /, *unnamed: P.args, **arguments: P.kwargs) -> providers.Singleton[T]:
    """A provider that builds one object when it is first asked for. Each argument is a value, or comes from `use`.

    Raises TypeError for a positional argument, as two arguments of the same type could be swapped.
    """
    if unnamed:
        raise TypeError(f"{builder!r}: every argument is given by its name")
    return providers.Singleton(builder, **arguments)


def use(provider: providers.Provider[T]) -> T:
    """Stands for the object of `provider`, or for an attribute of it: `use(settings).port`.

    Only for arguments of `singleton`.
    """
    return cast(T, provider.provided)


def replace(provider: providers.Provider[T], value: T) -> None:
    """Makes `provider` provide `value` from now on. For tests."""
    provider.override(providers.Object(value))
