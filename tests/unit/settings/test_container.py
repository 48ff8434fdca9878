"""The container hands on what was set, and the type checker sees what it hands to whom."""

from datetime import timedelta
from pathlib import Path

import pytest
from mypy import api

from domain.outbox import RetryPolicy
from entrypoints import wiring
from entrypoints.container import Container
from entrypoints.instance import parts_of
from entrypoints.providing import singleton
from entrypoints.settings.load import load_settings
from entrypoints.settings.model import Settings

MAIL = """
from entrypoints.providing import singleton, use

class Paper: ...
class Stamp: ...
class Letter:
    def __init__(self, paper: Paper, stamp: Stamp, grams: int = 20) -> None:
        self.paper, self.stamp = paper, stamp

paper, stamp = singleton(Paper), singleton(Stamp)
"""


def test_the_retries_of_the_outbox_are_as_set() -> None:
    settings = load_settings({"CHAT_OUTBOX_MAX_TRIES": "3", "CHAT_OUTBOX_MAX_BACKOFF": "5s"})
    assert wiring.retry_policy(settings) == RetryPolicy(3, timedelta(seconds=5))


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """With a directory in which keys are made once."""
    directory = str(tmp_path_factory.mktemp("data"))
    return load_settings({"CHAT_PROFILE": "test", "CHAT_DATA_DIR": directory, "CHAT_DATABASE_URL": "memory:"})


@pytest.mark.parametrize("workers", [None, 1])
def test_everything_can_be_built_without_opening_anything(
    settings: Settings, tmp_path: Path, workers: int | None
) -> None:
    place = None if workers is None else wiring.WorkerPlace(tmp_path, 1)
    container = Container(settings=settings, worker_place=place)
    for name, provider in container.providers.items():
        assert provider() is provider(), name


def test_everything_that_runs_is_stopped_in_the_reverse_order(settings: Settings) -> None:
    names = [part.name for part in parts_of(Container(settings=settings))]
    assert names[0] == "database", "the last that is closed"
    assert names[-1] == "watch", "nobody is let in before all runs"
    assert names.index("broker") < names.index("relay") < names.index("intake")


def test_an_argument_needs_its_name() -> None:
    with pytest.raises(TypeError, match="by its name"):
        singleton(RetryPolicy, 3, timedelta())


def test_the_type_checker_finds_swapped_arguments(tmp_path: Path) -> None:
    letters = (
        "singleton(Letter, paper=use(paper), stamp=use(stamp))",
        "singleton(Letter, paper=use(stamp), stamp=use(paper))",
        "singleton(Letter, paper=use(paper), stamp=use(stamp).price)",
        "singleton(Letter, paper=use(paper))",
    )
    file = tmp_path / "mail.py"
    file.write_text(MAIL + "\n".join(letters))
    complaints, _, _ = api.run(["--config-file", "pyproject.toml", "--no-error-summary", str(file)])
    first = MAIL.count("\n") + 1
    assert [line.partition("mail.py:")[2].partition("  [")[0] for line in complaints.splitlines()] == [
        f'{first + 1}: error: Argument "paper" to "singleton" has incompatible type "Stamp"; expected "Paper"',
        f'{first + 1}: error: Argument "stamp" to "singleton" has incompatible type "Paper"; expected "Stamp"',
        f'{first + 2}: error: "Stamp" has no attribute "price"',
        f'{first + 3}: error: Missing positional argument "stamp" in call to "singleton"',
    ]
