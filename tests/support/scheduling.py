"""How xdist gives tests to processes."""

from functools import cache
from pathlib import Path

from xdist.scheduler import LoadFileScheduling


class FilesTogether(LoadFileScheduling):
    """Gives all tests of a file to one process, and all files that need a cluster of RabbitMQ to one process.

    Three nodes take half a minute to start, and much memory.
    """

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return "RabbitMQ cluster" if needs_cluster(Path(self.config.rootpath, file)) else file


@cache
def needs_cluster(file: Path) -> bool:
    return "rabbitmq_cluster" in file.read_text()
