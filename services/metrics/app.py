"""Metrics, put together: what it reads, keeps, and answers."""

from pathlib import Path
from typing import Annotated

from fastapi import FastAPI
from pydantic import Field, field_validator

from contracts.catalogue import METRICS
from contracts.values import AUTHORITY_PATTERN
from services.chassis.runtime import Parts
from services.chassis.service import create_service
from services.chassis.settings import Settings
from services.metrics import handlers, store
from services.metrics.api import academy, changes, explanations, forecasts, measures, quality, releases, survival
from services.metrics.api.benchmarks import benchmarks_router
from services.metrics.consumers import subscribe

NAME = METRICS

DESCRIPTION = """
Figures of a children's social work workforce, **as at** any date, **as known at** any instant. Every figure is a sum of
parts that follow from the events of the authority's own systems, and can be explained down to them.
"""

Code = Annotated[str, Field(pattern=AUTHORITY_PATTERN)]


class ServiceSettings(Settings):
    """Settings of metrics."""

    port: int = 8100
    statistical_neighbours: dict[Code, tuple[Code, ...]] = Field(
        {},
        description="JSON: the statistical neighbours of authorities by three-digit code, to compare with where a "
        'request names none, as {"331": ["825", "908"]}.',
    )

    @field_validator("statistical_neighbours")
    @classmethod
    def _is_no_neighbour_of_itself(cls, neighbours: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for authority, others in neighbours.items():
            if authority in others or len(set(others)) != len(others):
                raise ValueError(f"the neighbours of {authority} must be others, each once")
        return neighbours


PARTS = Parts(
    NAME,
    Path(__file__).parent / "migrations",
    subscribe=subscribe,
    publishes=False,
    watches=(handlers.derive_waiting, handlers.count_waiting),
    settled=store.nothing_listed,
)


def create(settings: ServiceSettings) -> FastAPI:
    """The application of the metrics service."""
    routers = (
        measures.router,
        explanations.router,
        changes.router,
        academy.router,
        survival.router,
        quality.router,
        forecasts.router,
        # Before the benchmarks, which take any name for a measure.
        releases.router,
        benchmarks_router(settings.statistical_neighbours),
    )
    return create_service(PARTS, settings, title="Workforce metrics", description=DESCRIPTION, routers=routers)
