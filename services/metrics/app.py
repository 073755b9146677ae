"""Metrics, put together: what it reads, keeps, and answers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import APIRouter, FastAPI

from contracts.catalogue import METRICS
from services.chassis.runtime import ServiceSpec
from services.chassis.service import create_service
from services.metrics.api import (
    academy,
    benchmarks,
    changes,
    effects,
    explanations,
    feeds,
    forecasts,
    measures,
    neighbours,
    quality,
    releases,
    replays,
    revisions,
    series,
    survival,
)
from services.metrics.api.formats import FormatBySuffix
from services.metrics.benchmarks.database import BenchmarksDatabase
from services.metrics.ingest import feeds as feeds_sent
from services.metrics.ingest import handlers, store
from services.metrics.ingest.consumers import subscribe
from services.metrics.pages.router import pages_router
from services.metrics.pages.signing_in import Sessions
from services.metrics.settings import ServiceSettings
from services.metrics.telemetry import MetricsTelemetry

__all__ = ["NAME", "SPEC", "ServiceSettings", "create"]

NAME = METRICS

DESCRIPTION = """
Figures of a children's social work workforce, **as at** any date, **as known at** any instant. Every figure is a sum of
parts that follow from the events of the authority's own systems, and can be explained down to them.
"""

TAGS = {
    "measures": "Figures, at a date, over a period, and as series.",
    "explanations": "What a figure is made of, down to the events.",
    "changes": "What changed between two reports.",
    "effects": "What events would do to the figures.",
    "academy": "What became of the academy's cohorts.",
    "survival": "How long people stay.",
    "quality": "What the events cannot agree on.",
    "feeds": "When each feed last came.",
    "replays": "Timelines derived anew.",
    "forecasts": "Vacancies in the months to come.",
    "benchmarks": "What DfE published, beside our own figures.",
}
"""What the tags of its routes mean."""

SPEC = ServiceSpec(
    NAME,
    Path(__file__).parent / "migrations",
    subscribe=subscribe,
    publishes=False,
    watches=(handlers.derive_waiting, handlers.count_waiting, feeds_sent.tell),
    settled=store.queue_is_empty,
    telemetry=MetricsTelemetry,
)


def closing(published: BenchmarksDatabase) -> APIRouter:
    """No routes: closes that database when the service stops."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await published.close()

    return APIRouter(lifespan=lifespan)


def create(settings: ServiceSettings) -> FastAPI:
    """The application of the metrics service."""
    published = BenchmarksDatabase(settings.benchmarks_database_url, beside=settings.database_url)
    routers = (
        measures.router,
        series.router,
        explanations.router,
        changes.router,
        effects.router,
        academy.router,
        survival.router,
        quality.router,
        feeds.router,
        replays.router,
        forecasts.router,
        # Before the benchmarks, which take any name for a measure.
        releases.router,
        revisions.router,
        neighbours.router,
        benchmarks.router,
        closing(published),
    )
    app = create_service(
        SPEC,
        settings,
        title="Workforce metrics",
        description=DESCRIPTION,
        routers=routers,
        tags=TAGS,
        pages=(pages_router(),),
    )
    secret = settings.session_secret
    app.state.sessions = Sessions(settings, None if secret is None else secret.get_secret_value())
    app.state.benchmarks = published
    app.state.statistical_neighbours = settings.statistical_neighbours
    app.add_middleware(FormatBySuffix)
    return app
