"""Metrics, put together: what it reads, keeps, and answers."""

from pathlib import Path

from fastapi import FastAPI

from contracts.catalogue import METRICS
from services.chassis.runtime import Parts
from services.chassis.service import create_service
from services.chassis.settings import Settings
from services.metrics import handlers
from services.metrics.api import router
from services.metrics.consumers import subscribe

NAME = METRICS

DESCRIPTION = """
Figures of a children's social work workforce, **as at** any date, **as known at** any instant. Today: posts, vacancies
and agency cover. Every figure is a sum over timelines that are derived from the events of the authority's own systems.
"""


class ServiceSettings(Settings):
    """Settings of metrics."""

    port: int = 8100


PARTS = Parts(
    NAME, Path(__file__).parent / "migrations", subscribe=subscribe, publishes=False, watch=handlers.watch_timelines
)


def create(settings: ServiceSettings) -> FastAPI:
    """The application of the metrics service."""
    return create_service(PARTS, settings, title="Workforce metrics", description=DESCRIPTION, routers=(router,))
