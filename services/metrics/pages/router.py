"""Every page, and where it is."""

from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.routing import Route

from services.chassis.problems import Problem
from services.metrics.pages import (
    academy,
    agency,
    caseload,
    changes,
    compare,
    explanation,
    forecast,
    overview,
    posts,
    progression,
    quality,
    recruitment,
    reports,
    retention,
    trend,
)
from services.metrics.pages.entrance import entrance_routes
from services.metrics.pages.page import PageRoute
from services.metrics.pages.rendering import DIGEST, SERVED

FOR_EVER = timedelta(days=365)


def pages_router() -> APIRouter:
    """The pages. Each finds out for itself who looks at it."""
    router = APIRouter(route_class=PageRoute, include_in_schema=False)
    router.add_api_route(overview.PATH, overview.overview)
    router.add_api_route(trend.PATH, trend.trend)
    router.add_api_route(f"{trend.CHART}.{{format}}", trend.chart)
    router.add_api_route(retention.PATH, retention.retention)
    router.add_api_route(f"{retention.LEAVERS_CHART}.{{format}}", retention.leavers_chart)
    router.add_api_route(f"{retention.SERVICE_CHART}.{{format}}", retention.service_chart)
    router.add_api_route(f"{retention.ROUTES_CHART}.{{format}}", retention.routes_chart)
    router.add_api_route(academy.PATH, academy.academy)
    router.add_api_route(academy.MEMBERS_PATH, academy.members)
    router.add_api_route(f"{academy.SURVIVAL_CHART}.{{format}}", academy.survival_chart)
    router.add_api_route(f"{academy.MONTHS_CHART}.{{format}}", academy.months_chart)
    router.add_api_route(compare.PATH, compare.compare)
    router.add_api_route(f"{compare.CHART}.{{format}}", compare.chart)
    router.add_api_route(forecast.PATH, forecast.forecast)
    router.add_api_route(f"{forecast.CHART}.{{format}}", forecast.chart)
    router.add_api_route(progression.PATH, progression.progression)
    router.add_api_route(f"{progression.PANELS_CHART}.{{format}}", progression.chart)
    router.add_api_route(posts.PATH, posts.posts)
    router.add_api_route(f"{posts.CHART}.{{format}}", posts.chart)
    router.add_api_route(agency.PATH, agency.agency)
    router.add_api_route(f"{agency.TREND_CHART}.{{format}}", agency.trend_chart)
    router.add_api_route(f"{agency.COST_CHART}.{{format}}", agency.cost_chart)
    router.add_api_route(f"{agency.TENURE_CHART}.{{format}}", agency.tenure_chart)
    router.add_api_route(f"{caseload.SPREAD_CHART}.{{format}}", caseload.spread_chart)
    router.add_api_route(recruitment.PATH, recruitment.recruitment)
    router.add_api_route(f"{recruitment.CHART}.{{format}}", recruitment.chart)
    router.add_api_route(f"{recruitment.FILL_CHART}.{{format}}", recruitment.fill_chart)
    router.add_api_route(caseload.PATH, caseload.caseload)
    router.add_api_route(f"{caseload.CHART}.{{format}}", caseload.chart)
    router.add_api_route(quality.PATH, quality.quality)
    router.add_api_route(quality.DEAD_LETTERS_PATH, quality.dead_letters)
    router.add_api_route(reports.PATH, reports.reports)
    router.add_api_route(reports.PATH, reports.keep, methods=["POST"])
    router.add_api_route(reports.ONE, reports.report)
    router.add_api_route(reports.COMPARISON, reports.comparison)
    router.add_api_route(reports.TAKE_AWAY, reports.take_away)
    router.add_api_route(reports.TAKE_AWAY, reports.taken_away, methods=["POST"])
    router.add_api_route(changes.PATH, changes.changes)
    router.add_api_route(explanation.PATH, explanation.explanation)
    router.add_api_route(explanation.SUBJECT_PATH, explanation.subject)
    # These are open to all: they tell nothing.
    router.routes += [
        *entrance_routes(),
        Route("/assets/{digest}/{name:path}", asset, methods=["GET"]),
    ]
    return router


async def asset(request: Request) -> Response:
    """A file that pages bring. Its address changes with it, so browsers keep it."""
    content, media_type = SERVED.get(request.path_params["name"], (None, ""))
    if content is None:
        raise Problem(404, "no-such-file", "There is no such file", "The pages have no file of this name.")
    is_this = request.path_params["digest"] == DIGEST
    kept = f"public, max-age={int(FOR_EVER.total_seconds())}, immutable" if is_this else "no-cache"
    return Response(
        content, media_type=media_type, headers={"Cache-Control": kept, "X-Content-Type-Options": "nosniff"}
    )
