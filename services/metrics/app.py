"""Metrics, put together: what it reads, keeps, and answers."""

from pathlib import Path

from fastapi import FastAPI

from contracts.catalogue import METRICS
from services.chassis.runtime import Parts
from services.chassis.service import create_service
from services.chassis.settings import Settings
from services.metrics import handlers
from services.metrics.api import explanations, forecasts, measures
from services.metrics.consumers import subscribe

NAME = METRICS

DESCRIPTION = """
Figures of a children's social work workforce, **as at** any date, **as known at** any instant. Every figure is a sum of
parts that follow from the events of the authority's own systems, and can be explained down to them.
"""


class ServiceSettings(Settings):
    """Settings of metrics."""

    port: int = 8100


PARTS = Parts(
    NAME, Path(__file__).parent / "migrations", subscribe=subscribe, publishes=False, watch=handlers.watch_timelines
)


def create(settings: ServiceSettings) -> FastAPI:
    """The application of the metrics service."""
    return create_service(
        PARTS,
        settings,
        title="Workforce metrics",
        description=DESCRIPTION,
        routers=(measures.router, explanations.router, forecasts.router),
    )
