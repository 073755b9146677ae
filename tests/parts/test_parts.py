"""The parts themselves: what comes back after a kill, what does not, and that nothing is left behind.

Invariant: every expectation is about a real process.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import asyncpg
import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.embedded.postgresql import _socket_folder as socket_folder
from deploy.embedded.processes import can_listen, exclusive, listening
from deploy.embedded.services import REPOSITORY
from tests.parts import ApacheKafka, Broker, EmbeddedBroker, PartFailed, PostgreSQL, Process, RealSystem, free_port

TOPIC = "workforce.parts"

STARTER = """
import sys, time
from pathlib import Path
from tests.parts import EmbeddedBroker, PostgreSQL
folder = Path(sys.argv[1])
broker, server = EmbeddedBroker(folder / "broker.log"), PostgreSQL(folder / "postgresql", folder / "postgresql.log")
broker.start()
server.start()
print(broker.process.pid, server.process.pid, flush=True)
time.sleep(600)
"""


async def publish(broker: Broker, value: bytes) -> None:
    """Send one record to a topic of one partition, made if it is missing."""
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.servers)
    await admin.start()
    await admin.create_topics([NewTopic(TOPIC, 1, 1)])
    await admin.close()
    async with AIOKafkaProducer(
        bootstrap_servers=broker.servers, acks="all", enable_idempotence=broker.idempotent
    ) as producer:
        await producer.send_and_wait(TOPIC, value)


async def topics(broker: Broker) -> set[str]:
    """The topics of a broker."""
    async with AIOKafkaConsumer(bootstrap_servers=broker.servers) as consumer:
        return set(await consumer.topics())


async def test_a_broker_takes_records_and_is_without_any_topic_when_emptied(broker: Broker) -> None:
    await publish(broker, b"a post was established")
    assert TOPIC in await topics(broker)
    address = broker.servers
    broker.empty()
    assert broker.servers == address
    assert TOPIC not in await topics(broker)


async def test_the_embedded_broker_comes_back_empty_on_the_same_address(embedded_broker: EmbeddedBroker) -> None:
    await publish(embedded_broker, b"a worker started")
    address = embedded_broker.servers
    embedded_broker.kill()
    embedded_broker.restart()
    assert embedded_broker.servers == address
    assert TOPIC not in await topics(embedded_broker)


async def test_apache_kafka_comes_back_with_its_records(apache_kafka: ApacheKafka) -> None:
    apache_kafka.empty()
    await publish(apache_kafka, b"a worker left")
    apache_kafka.restart()
    async with AIOKafkaConsumer(
        TOPIC, bootstrap_servers=apache_kafka.servers, auto_offset_reset="earliest"
    ) as consumer:
        record = await asyncio.wait_for(consumer.getone(), 60)
    assert record.value == b"a worker left"


async def test_postgresql_keeps_what_it_committed_when_killed(postgres: PostgreSQL, database: str) -> None:
    connection = await asyncpg.connect(database)
    await connection.execute("CREATE TABLE post (name text)")
    await connection.execute("INSERT INTO post VALUES ('P-1')")
    postgres.restart()
    connection.terminate()
    connection = await asyncpg.connect(database)
    assert await connection.fetchval("SELECT name FROM post") == "P-1"
    await connection.close()


async def test_text_stands_in_order_of_code_points_whatever_the_machine_speaks(database: str) -> None:
    connection = await asyncpg.connect(database)
    ordered = await connection.fetch("SELECT word FROM unnest(ARRAY['b', 'A', 'a', 'B']) AS words (word) ORDER BY word")
    assert [row["word"] for row in ordered] == ["A", "B", "a", "b"]
    await connection.close()


async def test_postgresql_is_reached_in_a_folder_too_deep_for_a_socket(parts_folder: Path) -> None:
    deep = parts_folder / ("very-deep-" * 9)
    server = PostgreSQL(deep / "postgresql", deep / "postgresql.log")
    try:
        server.start()
        connection = await asyncpg.connect(server.create("recruitment"))
        assert await connection.fetchval("SELECT current_database()") == "recruitment"
        await connection.close()
        assert server.sockets.stat().st_mode & 0o077 == 0
    finally:
        server.stop()
    assert not server.sockets.exists()


def test_no_part_outlives_a_starter_that_is_killed(parts_folder: Path) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(parts_folder / "orphans")],
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    )
    assert starter.stdout is not None
    pids = [int(pid) for pid in starter.stdout.readline().split()]
    assert len(pids) == 2
    starter.kill()
    starter.wait()
    deadline = time.monotonic() + 120
    while any(map(psutil.pid_exists, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [pid for pid in pids if psutil.pid_exists(pid)] == []


def test_a_part_that_dies_at_once_is_told_with_its_last_words(tmp_path: Path) -> None:
    process = Process(
        "retention", [sys.executable, "-c", "raise SystemExit('no database')"], tmp_path / "retention.log"
    )
    process.start()
    with pytest.raises(PartFailed, match="retention ended by itself with exit code 1") as failure:
        process.wait_until(lambda: False, "is ready", 120)
    assert "no database" in str(failure.value)


def test_a_part_that_was_killed_is_told_with_the_signal(tmp_path: Path) -> None:
    process = Process("metrics", [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"], tmp_path / "metrics.log")
    process.start()
    with pytest.raises(PartFailed, match="metrics was killed by signal 9"):
        process.wait_until(lambda: False, "is ready", 120)


def test_a_part_that_will_not_stop_is_killed(tmp_path: Path) -> None:
    ignoring = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
    )
    process = Process("metrics", [sys.executable, "-c", ignoring], tmp_path / "metrics.log")
    process.start()
    process.wait_until(lambda: "deaf" in process.log.read_text(), "is deaf", 120)
    assert process.stop(seconds=0.2) == -signal.SIGKILL


def test_a_part_runs_in_its_folder_with_its_environment_in_a_session_of_its_own(tmp_path: Path) -> None:
    says = "import os, sys; print(os.getcwd(), os.environ['ROLE'], os.getsid(0) == os.getpid(), sys.stdin.read() == '')"
    process = Process(
        "metrics", [sys.executable, "-c", says], tmp_path / "logs" / "metrics.log",
        environment={"ROLE": "team-manager"}, folder=tmp_path,
    )  # fmt: skip
    for _ in range(2):
        process.start()
        while process.running:
            time.sleep(0.01)
        assert process.exit_code == 0
    # Ctrl-C in a terminal reaches the starter alone; a second start goes on with the log.
    assert process.log.read_text() == f"{tmp_path} team-manager True True\n" * 2


def test_a_part_is_killed_with_its_children(tmp_path: Path) -> None:
    child = f"import time; time.sleep(600); open({str(tmp_path / 'outlived')!r}, 'w').close()"
    parent = (
        f"import subprocess, sys, time; child = subprocess.Popen([sys.executable, '-c', {child!r}]); "
        "print(child.pid, flush=True); time.sleep(600)"
    )
    process = Process("metrics", [sys.executable, "-c", parent], tmp_path / "metrics.log")
    process.start()
    process.wait_until(lambda: process.log.read_text().endswith("\n"), "has a child", 120)
    pid = int(process.log.read_text())
    process.kill()
    assert not process.running
    assert process.exit_code == -signal.SIGKILL
    with suppress(psutil.NoSuchProcess):
        assert psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    # It did not come to its end either.
    assert not (tmp_path / "outlived").exists()
    process.kill()
    assert process.stop() == -signal.SIGKILL


def test_a_part_is_started_once_and_asked_to_end_with_the_signal_given(tmp_path: Path) -> None:
    polite = (
        "import signal, sys, time; signal.signal(signal.SIGINT, lambda *_: sys.exit(7)); print('here', flush=True); "
        "time.sleep(600)"
    )
    process = Process("metrics", [sys.executable, "-c", polite], tmp_path / "metrics.log")
    assert process.stop() is None
    with pytest.raises(PartFailed, match="metrics was never started"):
        process.pid  # noqa: B018
    process.start()
    process.wait_until(lambda: "here" in process.log.read_text(), "is there", 120)
    with pytest.raises(PartFailed, match=rf"metrics runs already \(process {process.pid}\)"):
        process.start()
    assert process.stop(signal.SIGINT) == 7


def test_a_part_that_does_not_get_there_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    talking = "import time; print(*range(1, 31), sep='\\n', flush=True); time.sleep(600)"
    process = Process("metrics", [sys.executable, "-c", talking], tmp_path / "metrics.log")
    assert process.last_words() == f"the end of {process.log}:\n    (it says nothing)"
    process.start()
    process.wait_until(lambda: "30" in process.log.read_text(), "has said it", 120)
    with pytest.raises(PartFailed, match="metrics is ready not within 0 seconds; the end of") as failure:
        process.wait_until(lambda: False, "is ready", 0)
    process.kill()
    assert str(failure.value).splitlines()[1:] == [f"    {number}" for number in range(16, 31)]


def test_a_free_port_is_none_that_goes_out_and_none_that_is_listened_on() -> None:
    ports = [free_port() for _ in range(200)]
    assert min(ports) >= 20_000
    assert max(ports) < 32_768
    assert len(set(ports)) > 100
    taken = ports[0]
    with socket.create_server(("127.0.0.1", taken)):
        assert listening(taken)
        assert not can_listen(taken)
        assert can_listen(taken, "127.0.0.2")
    assert not listening(taken)
    assert can_listen(taken)


async def test_postgresql_listens_on_no_network_and_tells_no_values(postgres: PostgreSQL, database: str) -> None:
    connection = await asyncpg.connect(database)
    settings = {
        name: await connection.fetchval(f"SHOW {name}")
        for name in ("listen_addresses", "max_connections", "timezone", "log_timezone", "log_error_verbosity", "fsync")
    }
    await connection.close()
    assert settings == {
        "listen_addresses": "",
        "max_connections": "200",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_error_verbosity": "terse",
        "fsync": "on",
    }
    assert postgres.sockets.stat().st_mode & 0o077 == 0


async def test_what_the_shell_says_of_postgresql_leads_nowhere_else(
    postgres: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGHOST", "elsewhere.example")
    monkeypatch.setenv("PGOPTIONS", "-c default_transaction_read_only=on")
    url = postgres.create("here_after_all")
    assert postgres.create("here_after_all") == url
    monkeypatch.undo()
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("SELECT datlocprovider::text FROM pg_database WHERE datname = $1",
                                     "here_after_all") == "b"  # fmt: skip
    # What is connected is ended.
    postgres.drop("here_after_all")
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError)):
        await connection.fetchval("SELECT 1")
    postgres.drop("here_after_all")
    with pytest.raises(PartFailed, match="PostgreSQL refused: "):
        postgres.create("x" * 10 + '"')


def test_a_short_folder_that_is_somebody_elses_is_not_taken_for_the_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    deep = tmp_path / ("deep-" * 30)
    deep.mkdir()
    short = socket_folder(deep, None)
    assert short.parent == tmp_path
    assert short.stat().st_mode & 0o777 == 0o700
    assert socket_folder(deep, None) == short
    short.rmdir()
    (tmp_path / "theirs").mkdir()
    short.symlink_to(tmp_path / "theirs")
    with pytest.raises(PartFailed, match="belongs to somebody else"):
        socket_folder(deep, None)


def test_the_socket_stands_in_the_folder_of_the_data_where_its_path_is_short_enough(tmp_path: Path) -> None:
    # Of at most a hundred bytes, with the name of the socket and the stroke before it.
    longest = tmp_path / ("x" * (100 - len("/.s.PGSQL.5432") - len(str(tmp_path)) - 1))
    longest.mkdir()
    assert socket_folder(longest, None) == longest
    too_long = longest.with_name(longest.name + "x")
    too_long.mkdir()
    short = socket_folder(too_long, None)
    assert short != too_long
    short.rmdir()


def test_a_lock_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    with exclusive(tmp_path / "lock") as first, exclusive(tmp_path / "lock") as second:
        assert (first, second) == (True, False)
    with exclusive(tmp_path / "lock") as again:
        assert again


def test_the_three_services_run_on_either_broker_and_stop_gracefully(system: RealSystem) -> None:
    assert len(system.services) == 3
    for service in system.services.values():
        service.wait_until_ready()
    system.recruitment.kill()
    assert not system.recruitment.ready()
    system.recruitment.restart()
    system.recruitment.wait_until_ready()
    system.stop()
    assert not any(service.process.running for service in system.services.values())


def start_embedded(**settings: str) -> subprocess.CompletedProcess[str]:
    """What `make up` runs, with these settings; for starts that are refused."""
    return subprocess.run(
        [sys.executable, "-m", "deploy.embedded"],
        env=os.environ | settings,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_a_taken_port_gives_one_line_with_the_setting_that_changes_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = start_embedded(
            WORKFORCE_METRICS_PORT=str(port),
            WORKFORCE_RECRUITMENT_PORT=str(free_port()),
            WORKFORCE_RETENTION_PORT=str(free_port()),
            WORKFORCE_PEOPLE_PORT=str(free_port()),
            WORKFORCE_STATE=str(tmp_path / "state"),
        )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(
        f"port {port} is taken by another program: choose another with WORKFORCE_METRICS_PORT"
    )
    assert not (tmp_path / "state" / "postgresql").exists()


def test_two_services_on_one_port_are_refused_before_anything_starts(tmp_path: Path) -> None:
    done = start_embedded(WORKFORCE_RETENTION_PORT="8100", WORKFORCE_STATE=str(tmp_path / "state"))
    assert done.returncode == 1
    assert done.stderr == (
        "WORKFORCE_METRICS_PORT and WORKFORCE_RETENTION_PORT are both 8100; give one of them another port\n"
    )


def test_a_second_start_on_one_state_is_refused(tmp_path: Path) -> None:
    with exclusive(tmp_path / "lock"):
        done = start_embedded(WORKFORCE_STATE=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith(f"another `make up` runs on {tmp_path}")
