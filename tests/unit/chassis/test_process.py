"""What a person sees who starts a service that cannot start."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from deploy.embedded.processes import free_port
from deploy.embedded.services import REPOSITORY, SERVICES, Service, environment_without_settings
from services.chassis.process import _listen, run_service
from services.people.register.keys import new_master_keys, new_pseudonym_key
from services.retention.app import NAME, ServiceSettings, create
from tests.parts.handling import handles_sigterm

DATABASE = "postgresql://postgres@/retention"


def never(settings: ServiceSettings) -> FastAPI:
    """Stands where the application would be made."""
    raise AssertionError(f"a service was made of {settings}")


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port: int = other.getsockname()[1]
        yield port


def test_a_taken_port_gives_one_line_exit_code_1_and_no_traceback(taken_port: int) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "services.retention"],
        env=environment_without_settings() | {"WORKFORCE_DATABASE_URL": DATABASE, "WORKFORCE_PORT": str(taken_port)},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        f"retention cannot start: 127.0.0.1:{taken_port} cannot be listened on (Address already in use); "
        "set WORKFORCE_HOST or WORKFORCE_PORT\n"
    )


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({}, "retention cannot start: WORKFORCE_DATABASE_URL: Field required\n"),
        (
            {"WORKFORCE_DATABASE_URL": DATABASE, "WORKFORCE_PORT": "99999"},
            "retention cannot start: WORKFORCE_PORT: must be a port from 1 to 65535\n",
        ),
        (
            {"WORKFORCE_DATABASE_URL": DATABASE, "WORKFORCE_API_KEYS": "none"},
            "retention cannot start: WORKFORCE_API_KEYS: is not JSON\n",
        ),
    ],
)
def test_bad_settings_give_one_line_and_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], settings: dict[str, str], line: str
) -> None:
    monkeypatch.delenv("WORKFORCE_DATABASE_URL", raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert run_service(NAME, ServiceSettings, never) == 1
    assert capsys.readouterr().err == line


def test_an_address_that_is_not_this_machines_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = '[{"name": "HR", "authority": "331", "rights": ["feed"], "sha256": "' + "0" * 64 + '"}]'
    for name, value in {"DATABASE_URL": DATABASE, "HOST": "192.0.2.1", "API_KEYS": entry}.items():
        monkeypatch.setenv(f"WORKFORCE_{name}", value)
    assert run_service(NAME, ServiceSettings, never) == 1
    assert capsys.readouterr().err.startswith("retention cannot start: 192.0.2.1:8102 cannot be listened on")


def test_a_service_listens_within_its_limits_tells_nothing_of_itself_and_stops_gracefully(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noted: dict[str, Any] = {}

    class Server:
        def __init__(self, config: dict[str, Any]) -> None:
            noted.update(config)

        def run(self, sockets: list[socket.socket]) -> None:
            (listening,) = sockets
            with listening:
                noted["address"] = listening.getsockname()
                # Or a service that is started again would wait until the connections before are forgotten.
                noted["reused"] = listening.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR) != 0

    port = free_port()
    for name, value in {"DATABASE_URL": DATABASE, "PORT": str(port), "LIMITS__IDLE_SECONDS": "7"}.items():
        monkeypatch.setenv(f"WORKFORCE_{name}", value)
    process = "services.chassis.process."
    monkeypatch.setattr(f"{process}uvicorn.Config", lambda app, **settings: settings | {"app": app})
    monkeypatch.setattr(f"{process}uvicorn.Server", Server)
    monkeypatch.setattr(f"{process}configure_logs", lambda *told: noted.update(logs=told))
    assert run_service(NAME, ServiceSettings, create) == 0
    expected = {
        "address": ("127.0.0.1", port),
        "reused": True,
        "logs": ("retention", "INFO"),
        "h11_max_incomplete_event_size": 16_384,
        "timeout_keep_alive": 7.0,
        "timeout_graceful_shutdown": 20,
        "ws": "none",
        "log_config": None,
        "access_log": False,
        "server_header": False,
    }
    assert {name: noted.get(name) for name in expected} == expected
    assert noted["app"].title


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("name", SERVICES)
def test_who_asks_a_service_to_stop_while_it_is_loading_gets_exit_code_0(
    name: str, asked: signal.Signals, tmp_path: Path
) -> None:
    settings: dict[str, object] = {"database_url": DATABASE}
    if name == "people":
        settings |= {"master_keys": new_master_keys(), "pseudonym_key": new_pseudonym_key()}
    process = Service(name, tmp_path / "log", settings).process
    process.start()
    try:
        # It takes seconds to load. On a busy machine it may serve by now, and stops then.
        process.wait_until(lambda: handles_sigterm(process.pid), "handles signals", 120)
        assert process.stop(asked, 120) == 0
    finally:
        process.kill()
    assert "Traceback" not in process.log.read_text()


def test_a_service_says_at_its_root_where_to_look_and_in_its_log_which_setting_there_is_not() -> None:
    port = free_port()
    told = {"WORKFORCE_DATABASE_URL": DATABASE, "WORKFORCE_PORT": str(port), "WORKFORCE_APIKEYS": "s3cret"}
    with subprocess.Popen(
        [sys.executable, "-m", "services.retention"],
        env=environment_without_settings() | told,
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        try:
            # It listens a moment later.
            with httpx.Client(transport=httpx.HTTPTransport(retries=9), timeout=60, trust_env=False) as client:
                root = client.get(f"http://127.0.0.1:{port}/")
        finally:
            process.terminate()
        rest, _ = process.communicate(timeout=60)
    line = json.loads(first)
    assert (line["level"], line["message"]) == ("warning", "no such setting")
    assert (line["variable"], line["meant"]) == ("WORKFORCE_APIKEYS", "WORKFORCE_API_KEYS")
    assert "s3cret" not in first + rest
    assert process.returncode == 0
    assert (root.status_code, root.json()) == (
        200,
        {
            "service": "retention",
            "documentation": "/docs",
            "events": "/asyncapi",
            "ready": "/health/ready",
            "metrics": "/metrics",
        },
    )


async def test_the_body_of_an_answer_does_not_wait_until_its_head_is_acknowledged() -> None:
    connected: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    class Accepting(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            accepted = transport.get_extra_info("socket")
            connected.set_result(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    listening = _listen(ServiceSettings(database_url=DATABASE, port=free_port()))
    server = await asyncio.get_running_loop().create_server(Accepting, sock=listening)
    try:
        _, writer = await asyncio.open_connection(*listening.getsockname()[:2])
        assert await asyncio.wait_for(connected, 60) == 1
        writer.close()
    finally:
        server.close()
