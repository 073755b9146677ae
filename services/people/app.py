"""People, put together: what it takes in, what it does behind, and what it answers."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from fastapi import FastAPI

from services.chassis.runtime import Runtime, ServiceSpec
from services.chassis.service import create_service
from services.people.api import feeds, files, mappings, persons
from services.people.delivering import Doors
from services.people.handlers import People, keep_house
from services.people.sending import deliver, tell_what_waits
from services.people.settings import NAME, ServiceSettings
from services.people.taking_in import take_in_files
from services.people.telemetry import PeopleTelemetry

DESCRIPTION = """
Takes in extracts of HR systems, by a mapping that the council writes, and tells recruitment and retention what changed.
Every row is answered. It alone knows people by name, in its register; nothing of that leaves it but to whom has the
right `persons`, and each reading is in an audit trail.
"""
TAGS = {
    "extracts": "Files of HR systems: how they are read, sent, and answered row by row.",
    "persons": "The register of persons: who reads it needs rights of their own, and says why.",
}


def create(settings: ServiceSettings) -> FastAPI:
    """The application of people."""
    people = People(settings.keyring, Doors(settings), settings, asyncio.Semaphore(1))
    behind: tuple[Callable[[People, Runtime], Awaitable[None]], ...] = (
        take_in_files,
        keep_house,
        tell_what_waits,
        *(partial(deliver, door) for door in settings.doors),
    )
    spec = ServiceSpec(
        NAME,
        Path(__file__).parent / "migrations",
        subscribe=None,
        publishes=False,
        watches=tuple(partial(work, people) for work in behind),
        telemetry=PeopleTelemetry,
    )
    app = create_service(
        spec,
        settings,
        title="Workforce people",
        description=DESCRIPTION,
        routers=(mappings.router, files.router, feeds.router, persons.router),
        tags=TAGS,
    )
    app.state.people = people
    return app
