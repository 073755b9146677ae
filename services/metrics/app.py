"""Metrics, put together: what it reads, keeps, and answers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from secrets import token_urlsafe

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
    initiatives,
    measures,
    neighbours,
    quality,
    releases,
    replays,
    reports,
    revisions,
    series,
    survival,
    vacant_posts,
)
from services.metrics.api.formats import FormatBySuffix
from services.metrics.benchmarks import MIGRATIONS as OF_BENCHMARKS
from services.metrics.benchmarks.store import read_again
from services.metrics.ingest import feeds as feeds_sent
from services.metrics.ingest import handlers, queue
from services.metrics.ingest.consumers import subscribe
from services.metrics.kept import KeptDatabase
from services.metrics.pages.faults import PagesForBrowsers
from services.metrics.pages.router import pages_router
from services.metrics.pages.signing_in import AccountAuthentication, KeyAuthentication, Sessions
from services.metrics.reporting.filling import Filling
from services.metrics.reports import MIGRATIONS as OF_REPORTS
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
    "vacant posts": "Posts that are vacant, one by one.",
    "changes": "What changed between two reports.",
    "effects": "What events would do to the figures.",
    "academy": "What became of the academy's cohorts.",
    "survival": "How long people stay.",
    "quality": "What the events cannot agree on.",
    "feeds": "When each feed last came.",
    "initiatives": "What the council did to fill its posts and to keep its people.",
    "replays": "Timelines derived again.",
    "reports": "Questions that are pinned under a name, opened again, compared.",
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
    settled=queue.queue_is_empty,
    telemetry=MetricsTelemetry,
)


def closing(kept: KeptDatabase) -> APIRouter:
    """No routes: closes that database when the service stops."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await kept.close()

    return APIRouter(lifespan=lifespan)


def create(settings: ServiceSettings) -> FastAPI:
    """The application of the metrics service."""
    migrations = (OF_BENCHMARKS, OF_REPORTS)
    kept = KeptDatabase(settings.benchmarks_database_url, settings.database_url, migrations, read_again)
    routers = (
        measures.router,
        series.router,
        explanations.router,
        vacant_posts.router,
        changes.router,
        effects.router,
        academy.router,
        survival.router,
        quality.router,
        feeds.router,
        initiatives.router,
        replays.router,
        forecasts.router,
        reports.router,
        # Before the benchmarks, which take any name for a measure.
        releases.router,
        revisions.router,
        neighbours.router,
        benchmarks.router,
        closing(kept),
    )
    secret, keys = settings.session_secret, KeyAuthentication(settings.api_keys)
    openid_connect = _accounts_of(settings)
    ways = (keys,) if openid_connect is None else (keys, openid_connect)
    sessions = Sessions(settings, secret.get_secret_value() if secret else token_urlsafe(32), ways)
    filling = Filling(settings.reporting_every_seconds)
    app = create_service(
        replace(SPEC, watches=(*SPEC.watches, filling)),
        settings,
        title="Workforce metrics",
        description=DESCRIPTION,
        routers=routers,
        tags=TAGS,
        pages=(pages_router(),),
        of_session=sessions.of_session,
    )
    filling.app = app
    app.state.sessions, app.state.keys, app.state.openid_connect = sessions, keys, openid_connect
    app.state.kept = kept
    app.state.statistical_neighbours = settings.statistical_neighbours
    app.add_middleware(FormatBySuffix)
    app.add_middleware(PagesForBrowsers)
    return app


def _accounts_of(settings: ServiceSettings) -> AccountAuthentication | None:
    """The council's accounts, if people sign in with them."""
    if settings.openid_connect is None:
        return None
    # Its libraries take memory and time to load, which is for nothing where nobody signs in so.
    from services.metrics.pages.openid_connect import OpenIdConnect

    return OpenIdConnect(settings.openid_connect)
