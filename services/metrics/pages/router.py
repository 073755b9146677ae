"""Every page, and where it is."""

from datetime import timedelta
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.routing import Route

from services.chassis.problems import Problem
from services.chassis.runtime import runtime_of
from services.metrics.pages import changes, explanation, overview, trend
from services.metrics.pages.page import PageRoute, sessions_of
from services.metrics.pages.rendering import DIGEST, SERVED, page
from services.metrics.pages.signing_in import SIGN_IN, within_this_site

FOR_EVER = timedelta(days=365)
LARGEST_FORM = 10_000
SIGN_OUT = "/sign-out"


def pages_router() -> APIRouter:
    """The pages. They see for themselves who looks at them."""
    router = APIRouter(route_class=PageRoute, include_in_schema=False)
    router.add_api_route(overview.PATH, overview.overview)
    router.add_api_route(trend.PATH, trend.trend)
    router.add_api_route(f"{trend.CHART}.{{format}}", trend.chart)
    router.add_api_route(changes.PATH, changes.changes)
    router.add_api_route(explanation.PATH, explanation.explanation)
    router.add_api_route(explanation.SUBJECT_PATH, explanation.subject)
    # These are open to all: they tell nothing.
    router.routes += [
        Route(SIGN_IN, sign_in, methods=["GET"]),
        Route(SIGN_IN, signed_in, methods=["POST"]),
        Route(SIGN_OUT, sign_out, methods=["GET"]),
        Route(SIGN_OUT, signed_out, methods=["POST"]),
        Route("/assets/{digest}/{name:path}", asset, methods=["GET"]),
    ]
    return router


async def asset(request: Request) -> Response:
    """A file that pages bring. Its address changes with it, so browsers keep it."""
    content, media_type = SERVED.get(request.path_params["name"], (None, ""))
    if content is None:
        raise Problem(404, "no-such-file", "There is no such file", "The pages bring no file of this name.")
    is_this = request.path_params["digest"] == DIGEST
    kept = f"public, max-age={int(FOR_EVER.total_seconds())}, immutable" if is_this else "no-cache"
    return Response(
        content, media_type=media_type, headers={"Cache-Control": kept, "X-Content-Type-Options": "nosniff"}
    )


async def sign_in(request: Request) -> Response:
    """The page that asks for a key."""
    return _sign_in_page(request, within_this_site(request.query_params.get("then")))


async def signed_in(request: Request) -> Response:
    """Begin a session with a key, and go on to the page that was asked for."""
    form = await _form(request)
    sessions = sessions_of(request)
    then = within_this_site(form.get("then"))
    sessions.check_form(request, form.get("token", ""))
    answer = RedirectResponse(then, 303)
    if sessions.begin(answer, form.get("key", "").strip()):
        return answer
    fault = "This key is not known, or has no right to read figures. Check it, or ask for another."
    return _sign_in_page(request, then, fault, 403)


async def sign_out(request: Request) -> Response:
    """The page that asks whether to."""
    return _with_form(request, "sign-out.html", title="Sign out")


async def signed_out(request: Request) -> Response:
    """End the session."""
    form = await _form(request)
    sessions = sessions_of(request)
    sessions.check_form(request, form.get("token", ""))
    answer = RedirectResponse(SIGN_IN, 303)
    sessions.end(answer)
    return answer


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form. Raises a 413 problem for one that is too large to be ours."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM:
            raise Problem(413, "too-large", "The form is too large", f"At most {LARGEST_FORM} bytes.")
    return {name: values[-1] for name, values in parse_qs(body.decode(errors="replace")).items()}


def _sign_in_page(request: Request, then: str, fault: str | None = None, status: int = 200) -> Response:
    needs_key = bool(runtime_of(request).settings.api_keys)
    return _with_form(request, "sign-in.html", status, title="Sign in", then=then, fault=fault, needs_key=needs_key)


def _with_form(request: Request, template: str, status: int = 200, **context: object) -> Response:
    """A page with a form that this browser alone can send."""
    token = (sessions := sessions_of(request)).form_token(request)
    found = page(
        template, {"page": None, "navigation": [], "signed_in": False, "token": token.signed, **context}, status
    )
    sessions.keep_form(found, token)
    return found
