"""The web application of a service: its own routes, and those that every service has.

Invariant: /health/live, /health/ready, /metrics and the documentation answer without a key and name no person.
Everything else needs a key, if keys are set.
"""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from fastapi import APIRouter, Depends, FastAPI
from fastapi.security import HTTPBearer
from fastapi.security.http import HTTPBase
from fastapi_offline import FastAPIOffline
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.chassis.authentication import KeyFirst, OfSession
from services.chassis.database import why_not_now
from services.chassis.dead_letter_routes import router as dead_letters_router
from services.chassis.documentation import EVERYWHERE, KEY_NEEDED, complete_document
from services.chassis.event_pages import event_pages_router
from services.chassis.intake_document import intake_schemas
from services.chassis.limits import WithinLimits
from services.chassis.logs import get_log
from services.chassis.operation import health_router
from services.chassis.problems import install_problem_answers, not_available
from services.chassis.runtime import Runtime, ServiceSpec
from services.chassis.settings import Settings
from services.chassis.telemetry import Telemetry

log = get_log(__name__)

BEARER = HTTPBearer(auto_error=False, description="An API key. On loopback, where no keys are set, none is needed.")
BASIC = HTTPBase(
    scheme="basic",
    scheme_name="HTTPBasic",
    auto_error=False,
    description="The same key as the password, with any user name: for Excel, Power BI and browsers.",
)
"""These only document the key; `authentication.KeyFirst` checks it."""

DOCUMENTATION = frozenset({"/docs", "/docs/oauth2-redirect", "/openapi.json"})
SCRIPTS = "/static-offline-docs/"
TAGS = {
    "events": "Events: how they are sent, and how they stand on Kafka.",
    "operation": "For those who run the service: its health, its metrics, its dead letters.",
}
"""What the tags of the chassis' own routes mean."""
METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})


def create_service(
    spec: ServiceSpec,
    settings: Settings,
    *,
    title: str,
    description: str,
    routers: Sequence[APIRouter],
    tags: Mapping[str, str] | None = None,
    pages: Sequence[APIRouter] = (),
    of_session: OfSession | None = None,
) -> FastAPI:
    """The application of one service; starting and stopping it starts and stops all its parts.

    `tags` explains the tags of its routers. `pages` are routers that check for themselves who looks at them.
    `of_session` tells whose session a request belongs to: somebody who is signed in may read what the pages link to.
    """
    runtime = Runtime(spec, settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await runtime.start()
        yield
        await runtime.stop()

    # Its documentation pages bring their own scripts: many networks do not reach the usual hosts of those.
    # (Not ReDoc's: it brings its script, and that loads its maker's logo from elsewhere.)
    app = FastAPIOffline(
        title=title,
        description=description,
        version="1",
        openapi_tags=[{"name": name, "description": meaning} for name, meaning in {**(tags or {}), **TAGS}.items()],
        # Wherever the document was read, there the service is.
        servers=[{"url": "/"}],
        lifespan=lifespan,
        redoc_url=None,
    )
    app.state.runtime = runtime
    install_problem_answers(app)
    for router in pages:
        app.include_router(router)
    open_paths = _include(app, spec, routers)
    patterns = [route.path_regex for router in pages for route in router.routes if isinstance(route, Route)]
    # What is added last meets a request first.
    app.add_middleware(HeadAsGet)
    app.add_middleware(
        KeyFirst,
        keys=settings.api_keys,
        of_session=of_session,
        is_open=lambda path: (
            path in open_paths or path.startswith(SCRIPTS) or any(pattern.match(path) for pattern in patterns)
        ),
    )
    app.add_middleware(WithinLimits, limits=settings.limits)
    app.add_middleware(Measured, telemetry=runtime.telemetry)
    complete_document(app, intake_schemas(spec.name) if spec.publishes else {})
    return app


def _include(app: FastAPI, spec: ServiceSpec, routers: Sequence[APIRouter]) -> frozenset[str]:
    """Give an application its own routes and those that every service has. Returns the paths that need no key."""
    open_to_all = (health_router, *((event_pages_router(spec.name),) if spec.on_kafka else ()))
    for router in (*routers, *((dead_letters_router,) if spec.on_kafka else ())):
        app.include_router(router, dependencies=[Depends(BEARER), Depends(BASIC)], responses=KEY_NEEDED)
    for router in open_to_all:
        app.include_router(router, responses=EVERYWHERE)
    return DOCUMENTATION | {str(getattr(route, "path", "")) for router in open_to_all for route in router.routes}


class HeadAsGet:
    """Middleware: HEAD is answered like GET, with the same status and headers. (The framework itself answers only
    GET; the server leaves out the body.)
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, HEAD as GET."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        as_get = {**scope, "method": "GET"}
        try:
            await self._app(as_get, receive, send)
        finally:
            # Which route it was is noted by what stands around.
            scope.update({"route": as_get["route"]} if "route" in as_get else {})


class Measured:
    """Middleware: times requests, and answers 503 if PostgreSQL cannot do what a request needs."""

    def __init__(self, app: ASGIApp, telemetry: Telemetry) -> None:
        self._app = app
        self._telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and note how it was answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as error:
            reason = why_not_now(error)
            if status or reason is None:
                raise
            log.warning("not available", path=scope["path"], reason=reason, cause=type(error).__name__)
            await not_available(reason).answer()(scope, receive, noting)
        finally:
            path = getattr(scope.get("route"), "path", "unknown")
            # Callers may name any method; each that is counted by its name is kept for ever.
            method = scope["method"] if scope["method"] in METHODS else "other"
            self._telemetry.requests.labels(method, path, status or 500).observe(time.perf_counter() - began)
