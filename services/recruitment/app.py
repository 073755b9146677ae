"""The recruitment service, put together: what it accepts, publishes, reads and answers."""

from fastapi import FastAPI

from contracts.catalogue import RECRUITMENT
from services.chassis.intake import intake_router
from services.chassis.runtime import ServiceSpec
from services.chassis.service import create_service
from services.chassis.settings import Settings
from services.recruitment import handlers
from services.recruitment.api import router
from services.recruitment.consumers import subscribe

NAME = RECRUITMENT

DESCRIPTION = """
Takes in what concerns posts, hiring and agency cover, as CloudEvents 1.0 over HTTP: structured, binary or batch. An
event answered `accepted` is not lost, whatever stops afterwards. The events, field by field: [/asyncapi](/asyncapi).
"""


class ServiceSettings(Settings):
    """Settings of recruitment."""

    port: int = 8101


SPEC = ServiceSpec(NAME, None, subscribe=subscribe, publishes=True)


def create(settings: ServiceSettings) -> FastAPI:
    """The application of the recruitment service."""
    return create_service(
        SPEC,
        settings,
        title="Workforce recruitment",
        description=DESCRIPTION,
        routers=(intake_router(NAME, handlers.notes_on_accepted), router),
        tags={"posts": "Posts that fell vacant."},
    )
