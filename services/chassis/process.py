"""The process of a service: reads its settings, serves, and stops gracefully on SIGTERM or SIGINT.

Invariant: if it cannot start, it says why in plain lines, with exit code 1 and no traceback. What these signals do
before it serves and when it has stopped: see `asked_to_stop`.
"""

import os
import socket
import sys
from collections.abc import Callable
from typing import TypeVar

import uvicorn
from fastapi import FastAPI

from services.chassis.connections import Connections
from services.chassis.logs import configure_logs, get_log
from services.chassis.settings import (
    PREFIX,
    Settings,
    SettingsRefused,
    names_of_settings,
    read_settings,
    unknown_settings,
)

log = get_log(__name__)

SomeSettings = TypeVar("SomeSettings", bound=Settings)

GRACE_SECONDS = 20
"""How long current requests may take to finish when the service stops."""


def run_service(name: str, settings_class: type[SomeSettings], create: Callable[[SomeSettings], FastAPI]) -> int:
    """Run one service until it is told to stop. Returns the exit code."""
    try:
        settings = read_settings(settings_class)
        listening = _listen(settings)
    except (SettingsRefused, OSError) as refused:
        sys.stderr.write(f"{name} cannot start: {refused}\n")
        return 1
    configure_logs(name, settings.log_level)
    # Not refused: one environment may serve several services, and a cluster may put variables of its own into it.
    for variable, meant in unknown_settings(names_of_settings(settings_class), os.environ).items():
        log.warning("no such setting", variable=variable, service=name, **({"meant": meant} if meant else {}))
    app = create(settings)
    connections = Connections(settings.limits, app.state.runtime.telemetry)
    config = uvicorn.Config(
        app,
        http=connections.accept,  # type: ignore[arg-type]  # called as a protocol class is
        h11_max_incomplete_event_size=settings.limits.head_bytes,
        timeout_keep_alive=settings.limits.idle_seconds,
        ws="none",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        server_header=False,
    )
    uvicorn.Server(config).run(sockets=[listening])
    return 0


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # asyncio has small writes sent at once where it sees that it is TCP. Else the body of an answer waits for its
    # reader to acknowledge the head: many systems do so after 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        where = f"{settings.host}:{settings.port}"
        raise OSError(f"{where} cannot be listened on ({error.strerror}); set {PREFIX}HOST or {PREFIX}PORT") from None
    return listening
