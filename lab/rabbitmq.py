"""RabbitMQ nodes of the Debian package, started without systemd. Each test run has its own epmd."""

import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType

from lab.ports import free_port

BIN = Path("/usr/lib/rabbitmq/bin")
START_TIMEOUT = 120
STOP_TIMEOUT = 30


class RabbitHome:
    """What the nodes of one test run share: a directory, the Erlang cookie, epmd, and an unprivileged user."""

    def __init__(self) -> None:
        if not (BIN / "rabbitmq-server").exists():
            raise RuntimeError("the tests need RabbitMQ: run scripts/provision-rabbitmq, as `make test` does")
        self.directory = Path(tempfile.mkdtemp(prefix="chat-rabbitmq-"))
        self.epmd_port = free_port()
        self.user = "rabbitmq" if os.geteuid() == 0 else None
        cookie = self.directory / ".erlang.cookie"
        cookie.write_text(secrets.token_hex(16))
        cookie.chmod(0o400)
        self.own(self.directory, cookie)
        self._guards: dict[int, subprocess.Popen[bytes]] = {}
        self._epmd = self.spawn(["epmd", "-port", str(self.epmd_port), "-address", "127.0.0.1"], {}, "epmd.log")

    def close(self) -> None:
        """Stops epmd and deletes the directory."""
        self._epmd.terminate()
        self._epmd.wait(STOP_TIMEOUT)
        self.release(self._epmd)
        shutil.rmtree(self.directory, ignore_errors=True)

    def own(self, *paths: Path) -> None:
        """Gives files to the user of the nodes."""
        if self.user is not None:
            entry = pwd.getpwnam(self.user)
            for path in paths:
                os.chown(path, entry.pw_uid, entry.pw_gid)

    def environment(self, extra: Mapping[str, str]) -> dict[str, str]:
        """The environment of a node or tool, with `extra` variables."""
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(self.directory),
            "ERL_EPMD_PORT": str(self.epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            **extra,
        }

    def spawn(self, command: Sequence[str], extra: Mapping[str, str], log: str) -> subprocess.Popen[bytes]:
        """Starts a process as the user of the nodes. Its output goes to the file `log`."""
        with (self.directory / log).open("ab") as output:
            process = subprocess.Popen(
                command,
                env=self.environment(extra),
                cwd=self.directory,
                user=self.user,
                group=self.user,
                extra_groups=[] if self.user else None,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._guards[process.pid] = self._guard(process.pid)
        return process

    def release(self, process: subprocess.Popen[bytes]) -> None:
        """Ends the guard of a process that has ended."""
        guard = self._guards.pop(process.pid)
        guard.kill()
        guard.communicate()

    def _guard(self, group: int) -> subprocess.Popen[bytes]:
        """Starts a guard, which kills the process group when the test run is killed: then its pipe is closed."""
        return subprocess.Popen(
            ["sh", "-c", f"read _; kill -KILL -{group}"],
            user=self.user,
            group=self.user,
            extra_groups=[] if self.user else None,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


class RabbitNode:
    """A node. `url` is its AMQP address, `stomp_port` the port of its STOMP plugin."""

    def __init__(self, home: RabbitHome, name: str, peers: Sequence[str] = ()) -> None:
        self._home = home
        self.name = f"{name}@localhost"
        self.port, self.stomp_port, dist_port = free_port(), free_port(), free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}/"
        self._log = f"{name}.out"
        directory = home.directory / name
        directory.mkdir()
        config, plugins = directory / "rabbitmq.conf", directory / "enabled_plugins"
        config.write_text(self._configuration([f"{peer}@localhost" for peer in peers]))
        plugins.write_text("[rabbitmq_stomp].")
        home.own(directory, config, plugins)
        self._pid_file = directory / "pid"
        self._environment = {
            "RABBITMQ_NODENAME": self.name,
            "RABBITMQ_DIST_PORT": str(dist_port),
            "RABBITMQ_MNESIA_BASE": str(directory / "data"),
            "RABBITMQ_LOG_BASE": str(directory),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
            "RABBITMQ_CONFIG_FILE": str(config),
            "RABBITMQ_PID_FILE": str(self._pid_file),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def _configuration(self, peers: Sequence[str]) -> str:
        lines = [
            f"listeners.tcp.1 = 127.0.0.1:{self.port}",
            f"stomp.listeners.tcp.1 = 127.0.0.1:{self.stomp_port}",
            "cluster_partition_handling = pause_minority",
            "cluster_formation.peer_discovery_backend = classic_config",
            "log.file = false",
            "log.console = true",
            "log.console.level = warning",
        ]
        lines += [f"cluster_formation.classic_config.nodes.{n} = {peer}" for n, peer in enumerate(peers, 1)]
        return "\n".join(lines) + "\n"

    def start(self) -> None:
        """Starts the node. Returns when it accepts clients."""
        self._pid_file.unlink(missing_ok=True)
        self._process = self._home.spawn([str(BIN / "rabbitmq-server")], self._environment, self._log)
        self._wait_for_listener()

    def stop(self) -> None:
        """Stops the node in an orderly way. Idempotent."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kills the node, as a power cut does."""
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Stops the node by SIGSTOP."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Continues the node by SIGCONT."""
        os.kill(self.pid, signal.SIGCONT)

    def ctl(self, *arguments: str) -> str:
        """Runs `rabbitmqctl`, and returns what it prints."""
        command = [str(BIN / "rabbitmqctl"), "--quiet", "--node", self.name, *arguments]
        done = subprocess.run(
            command,
            env=self._home.environment({}),
            cwd=self._home.directory,
            user=self._home.user,
            group=self._home.user,
            extra_groups=[] if self._home.user else None,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def memory_alarm(self) -> Iterator[None]:
        """A context in which the node has a memory alarm, and blocks publishers."""
        self.ctl("set_vm_memory_high_watermark", "absolute", "1MB")
        try:
            yield
        finally:
            self.ctl("set_vm_memory_high_watermark", "0.4")

    def queues(self) -> dict[str, int]:
        """The number of messages in each queue, including unacked ones."""
        listed = self.ctl("list_queues", "--formatter", "json", "name", "messages")
        return {queue["name"]: queue["messages"] for queue in json.loads(listed)}

    @property
    def pid(self) -> int:
        """The process id of the Erlang machine."""
        return int(self._pid_file.read_text())

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        # the process group has the script and the Erlang machine
        if number is signal.SIGKILL:
            os.killpg(process.pid, number)
        else:
            os.kill(self.pid, number)
        process.wait(STOP_TIMEOUT)
        self._home.release(process)
        deadline = monotonic() + STOP_TIMEOUT
        while self._listens(self.port):  # the Erlang machine may end a moment after the script
            assert monotonic() < deadline, "the node does not end"
            sleep(0.01)

    def _wait_for_listener(self) -> None:
        deadline = monotonic() + START_TIMEOUT
        while not (self._listens(self.port) and self._listens(self.stomp_port)):
            assert self._process is not None
            assert self._process.poll() is None, (self._home.directory / self._log).read_text()
            assert monotonic() < deadline, (self._home.directory / self._log).read_text()
            sleep(0.05)

    @staticmethod
    def _listens(port: int) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0


class RabbitNodes:
    """A node, or a cluster of several: `with RabbitNodes("a", "b", "c") as cluster`."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def __enter__(self) -> "RabbitNodes":
        self._home = RabbitHome()
        peers = self._names if len(self._names) > 1 else ()
        self.nodes = [RabbitNode(self._home, name, peers) for name in self._names]
        try:
            # the first node forms the cluster, the others join it
            self.nodes[0].start()
            with ThreadPoolExecutor() as pool:
                list(pool.map(RabbitNode.start, self.nodes[1:]))
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for node in self.nodes:
            node.kill()
        self._home.close()

    @property
    def urls(self) -> list[str]:
        """The AMQP addresses of the nodes."""
        return [node.url for node in self.nodes]
