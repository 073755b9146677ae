"""One process of the system: started with a log file, watched, stopped.

Invariant: no process outlives the one that started it, however that one ends. So a process is started from the main
thread, because Linux takes the end of the starting thread for the death of the parent.
"""

import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

LOOPBACK = "127.0.0.1"
PORTS = range(20_000, 32_768)
"""What free ports are taken from."""
_given: set[int] = set()
STOP_SECONDS = 60.0
"""How long a process may take over a graceful stop before it is killed: as long as docker-compose.yml gives a service.
It needs much less, unless PostgreSQL and Kafka do not answer."""
POLL_SECONDS = 0.05
LAST_LINES = 15
"""How much of a log explains a death: a traceback with what led to it."""


class PartFailed(Exception):
    """A part did not start, or died. The message says which, how, and gives the last lines of its log."""


class Process:
    """One operating-system process that is started, killed and stopped, any number of times.

    `log` gets what it prints, appended. `user` is the account it runs under (None: the starter's). `folder` is where it
    runs (None: where the starter does).
    `death_signal` is what the kernel sends it when its parent is gone.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
        folder: Path | None = None,
        death_signal: signal.Signals = signal.SIGKILL,
    ) -> None:
        self.name = name
        self.command = tuple(command)
        self.log = log
        self.environment = None if environment is None else dict(environment)
        self.user = user
        self.folder = folder
        self.death_signal = death_signal
        self._started: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it. Raises PartFailed when it runs already."""
        if self.running:
            raise PartFailed(f"{self.name} runs already (process {self.pid})")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            # A session of its own: Ctrl-C in a terminal reaches the starter alone, which stops the parts in order.
            self._started = subprocess.Popen(  # noqa: S603 - every command is written in this project
                [*_tied_to_parent(self.death_signal), *self.command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self.environment,
                cwd=self.folder,
                user=self.user,
                group=self.user,
                extra_groups=None if self.user is None else [],
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its process id. Raises PartFailed when it was never started."""
        if self._started is None:
            raise PartFailed(f"{self.name} was never started")
        return self._started.pid

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._started is not None and self._started.poll() is None

    @property
    def exit_code(self) -> int | None:
        """How it ended (minus the signal's number when killed by one); None while it runs or before it started."""
        return None if self._started is None else self._started.poll()

    def kill(self) -> None:
        """Kill it and its children at once, as a power cut would. Nothing happens when it is not running."""
        if self._started is None or not self.running:
            return
        children: list[psutil.Process] = []
        with suppress(psutil.NoSuchProcess):
            children = psutil.Process(self.pid).children(recursive=True)
        self._started.kill()
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()
        self._started.wait()
        psutil.wait_procs(children)

    def stop(self, gentle: signal.Signals = signal.SIGTERM, seconds: float = STOP_SECONDS) -> int | None:
        """Ask it to end, kill it after `seconds`, and give its exit code. Nothing happens when it is not running."""
        if self._started is not None and self.running:
            self._started.send_signal(gentle)
            try:
                self._started.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.exit_code

    def wait_until(self, ready: Callable[[], bool], what: str, seconds: float) -> None:
        """Wait until `ready()`. Raises PartFailed when the process dies first or `seconds` are over."""
        deadline = time.monotonic() + seconds
        while not ready():
            self.assert_running()
            if time.monotonic() > deadline:
                raise PartFailed(f"{self.name} {what} not within {seconds:.0f} seconds; {self.last_words()}")
            time.sleep(POLL_SECONDS)

    def assert_running(self) -> None:
        """Raises PartFailed, with the end of its log, when it has ended."""
        if not self.running:
            code = self.exit_code or 0
            how = f"was killed by signal {-code}" if code < 0 else f"ended by itself with exit code {code}"
            raise PartFailed(f"{self.name} {how}; {self.last_words()}")

    def last_words(self) -> str:
        """Where its log is, and the last lines of it."""
        try:
            lines = self.log.read_text(errors="replace").splitlines()[-LAST_LINES:]
        except FileNotFoundError:
            lines = []
        quoted = "\n".join(f"    {line}" for line in lines) or "    (it says nothing)"
        return f"the end of {self.log}:\n{quoted}"


def _tied_to_parent(death_signal: signal.Signals) -> list[str]:
    """The command that makes the kernel end what it runs when the parent is gone; none outside Linux."""
    setpriv = shutil.which("setpriv")
    return [] if setpriv is None else [setpriv, "--pdeathsig", death_signal.name.removeprefix("SIG"), "--"]


def free_port() -> int:
    """A TCP port on the loopback address that nothing listens on now, and that was not given before.

    Below those that systems give to connections that go out: one of these could have it before it is used, or while
    what listened on it is started again.
    """
    while True:
        port = secrets.choice(PORTS)
        if port not in _given and can_listen(port):
            _given.add(port)
            return port


def listening(port: int) -> bool:
    """Whether something answers on this port of the loopback address."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((LOOPBACK, port)) == 0


def can_listen(port: int, host: str = LOOPBACK) -> bool:
    """Whether this port can be had for listening."""
    with socket.socket() as probe:
        # As servers do: a port whose last connections are still in TIME_WAIT can be had.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


@contextmanager
def exclusive(lock: Path) -> Iterator[bool]:
    """Hold a lock file while in the block; gives False at once when another process holds it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(descriptor)
