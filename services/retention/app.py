"""The retention service, put together: what it accepts, publishes and reads."""

from pathlib import Path

from fastapi import FastAPI

from contracts.catalogue import RETENTION
from services.chassis.intake import intake_router
from services.chassis.runtime import ServiceSpec
from services.chassis.service import create_service
from services.chassis.settings import Settings
from services.retention import handlers
from services.retention.consumers import subscribe

NAME = RETENTION

DESCRIPTION = """
Takes in leavers, leaver reversals, panel decisions and working-life events, as CloudEvents 1.0 over HTTP: structured,
binary or batch. An event answered `accepted` is not lost, whatever stops afterwards. The events, field by field:
[/asyncapi](/asyncapi).
"""


class ServiceSettings(Settings):
    """Settings of retention."""

    port: int = 8102


SPEC = ServiceSpec(NAME, Path(__file__).parent / "migrations", subscribe=subscribe, publishes=True)


def create(settings: ServiceSettings) -> FastAPI:
    """The application of the retention service."""
    return create_service(
        SPEC,
        settings,
        title="Workforce retention",
        description=DESCRIPTION,
        routers=(intake_router(NAME, handlers.notes_on_accepted),),
    )
