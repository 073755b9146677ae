"""The web application of a service: its own routes beside those that every service has.

Invariant: /health/live, /health/ready, /metrics and the documentation answer without a key and name no person;
everything else needs one, where keys are set.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.security import HTTPBearer
from fastapi_offline import FastAPIOffline

from services.chassis.database import why_not_now
from services.chassis.documentation import KEY_NEEDED, complete_document
from services.chassis.event_pages import event_pages_router
from services.chassis.intake_document import intake_schemas
from services.chassis.logs import get_log
from services.chassis.operation import health_router, set_aside_router
from services.chassis.problems import install_problem_answers, not_available
from services.chassis.runtime import Parts, Runtime, runtime_of
from services.chassis.settings import Settings

log = get_log(__name__)

BEARER = HTTPBearer(auto_error=False, description="An API key. On loopback, where no keys are set, none is needed.")
"""Tells the documentation of the key; `runtime.calling` checks it."""


def create_service(
    parts: Parts, settings: Settings, *, title: str, description: str, routers: Sequence[APIRouter]
) -> FastAPI:
    """The application of one service; starting and stopping it starts and stops all its parts."""
    runtime = Runtime(parts, settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await runtime.start()
        yield
        await runtime.stop()

    # Its documentation pages bring their own scripts: councils' networks do not reach the usual hosts of those.
    # (Not ReDoc's: it brings its script, and that loads its maker's logo from elsewhere.)
    app = FastAPIOffline(title=title, description=description, version="1", lifespan=lifespan, redoc_url=None)
    app.state.runtime = runtime
    install_problem_answers(app)
    app.middleware("http")(_measured)
    for router in (*routers, set_aside_router):
        app.include_router(router, dependencies=[Depends(BEARER)], responses=KEY_NEEDED)
    for router in (health_router, event_pages_router(parts.name)):
        app.include_router(router)
    complete_document(app, intake_schemas(parts.name) if parts.publishes else {})
    return app


async def _measured(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    """Times a request, and says so when PostgreSQL cannot do what it needs."""
    runtime = runtime_of(request)
    began = time.perf_counter()
    try:
        response = await answer(request)
    except Exception as error:
        reason = why_not_now(error)
        if reason is None:
            raise
        log.warning("not available", path=request.url.path, reason=reason, cause=type(error).__name__)
        response = not_available(reason).answer()
    route = request.scope.get("route")
    path = getattr(route, "path", "unknown")
    runtime.telemetry.requests.labels(request.method, path, response.status_code).observe(time.perf_counter() - began)
    return response
