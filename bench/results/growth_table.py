"""The table of an empty and a full store, side by side."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from rich.table import Table

from bench.results.store_figures import StoreFigures

Cell = Callable[[StoreFigures], str]


def growth_table(stores: Sequence[StoreFigures]) -> Table:
    """A column for each store. What was not measured of one is `-`."""
    table = Table(title="the store alone, on one connection")
    table.add_column("")
    for store in stores:
        table.add_column(f"{store.messages:,} messages, {store.sessions:,} sessions", justify="right")
    for name, cell in _rows(stores[-1]):
        table.add_row(name, *(cell(store) for store in stores))
    return table


def _rows(full: StoreFigures) -> Iterator[tuple[str, Cell]]:
    for name in full.times:
        yield f"{name}, p50 (p99) ms", partial(_time, name)
    for name in full.log:
        yield f"WAL a message, {name}, octets (full pages)", partial(_log, name)
    yield "messages at the end", _stored
    for name in full.octets:
        yield f"{name}, octets a message", partial(_octets, name)


def _time(name: str, store: StoreFigures) -> str:
    if name not in store.times:
        return "-"
    p50, p99 = store.times[name]
    return f"{p50:,.2f} ({p99:,.2f})"


def _log(name: str, store: StoreFigures) -> str:
    return f"{store.log[name]:,.0f} ({store.pages[name]:.2f})"


def _stored(store: StoreFigures) -> str:
    return f"{store.stored:,}"


def _octets(name: str, store: StoreFigures) -> str:
    return f"{store.octets[name] / max(1, store.stored):,.0f}"
