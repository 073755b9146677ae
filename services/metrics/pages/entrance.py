"""Signing in and out: pages that are open to everybody, because they show no data.

Invariant: these pages lead only to pages of this site, and to the provider of the council's accounts.
"""

from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from starlette.routing import Route

from services.chassis.problems import Problem
from services.chassis.runtime import runtime_of
from services.metrics.pages.forms import field_text, page_with_form, read_form
from services.metrics.pages.rendering import render
from services.metrics.pages.signing_in import (
    BACK,
    SIGN_IN,
    AccountAuthentication,
    KeyAuthentication,
    NotSignedIn,
    sessions_of,
    within_this_site,
)

AWAY, SIGN_OUT = "/sign-in/openid-connect", "/sign-out"
THEN = "then"
"""What of the way back is ours: where to go on to."""
OF_NO_PAGE: dict[str, object] = {"page": None, "navigation": [], "signed_in": False}
"""What is told of pages that show no figures."""


def entrance_routes() -> list[Route]:
    """The routes for signing in and out."""
    return [
        Route(SIGN_IN, sign_in, methods=["GET"]),
        Route(SIGN_IN, signed_in, methods=["POST"]),
        Route(AWAY, leave, methods=["GET"]),
        Route(BACK, come_back, methods=["GET"]),
        Route(SIGN_OUT, sign_out, methods=["GET"]),
        Route(SIGN_OUT, signed_out, methods=["POST"]),
    ]


async def sign_in(request: Request) -> Response:
    """The page that asks for a key."""
    return _sign_in_page(request, within_this_site(request.query_params.get("then")))


async def signed_in(request: Request) -> Response:
    """Begin a session with a key, and go on to the page that was asked for."""
    fields = await read_form(request)
    then = within_this_site(field_text(fields, "then"))
    keys: KeyAuthentication = request.app.state.keys
    named = keys.named(field_text(fields, "key"))
    if named is None:
        fault = "This key is not known, or has no right to read figures. Check it, or ask for another."
        return _sign_in_page(request, then, fault, 403)
    answer = RedirectResponse(then, 303)
    sessions_of(request).begin(answer, keys.way, named)
    return answer


async def leave(request: Request) -> Response:
    """Go to the page where people sign in with the council's accounts."""
    then = within_this_site(request.query_params.get("then"))
    try:
        address, kept = await _openid_connect_of(request).leave(request)
    except NotSignedIn as refused:
        return _not_signed_in(refused)
    answer = RedirectResponse(address, 303)
    sessions_of(request).keep_way(answer, kept | {THEN: then})
    return answer


async def come_back(request: Request) -> Response:
    """Begin a session of the person who signed in there, and go on to the page that was asked for.

    The answer is no redirect: a browser that another site sent here would not show the cookie of the session on the
    way.
    """
    openid_connect, sessions = _openid_connect_of(request), sessions_of(request)
    kept = sessions.kept_way(request)
    then = within_this_site(kept.pop(THEN, None))
    try:
        named = await openid_connect.come_back(request, kept)
    except NotSignedIn as refused:
        answer = _not_signed_in(refused)
    else:
        answer = render("signed-in.html", OF_NO_PAGE | {"title": "You are signed in", "then": then})
        sessions.begin(answer, openid_connect.way, named)
    sessions.forget_way(answer)
    return answer


def _openid_connect_of(request: Request) -> AccountAuthentication:
    accounts: AccountAuthentication | None = request.app.state.openid_connect
    if accounts is None:
        raise Problem(404, "no-such-way", "There is no such page", "Accounts of the council are not set up here.")
    return accounts


def _not_signed_in(refused: NotSignedIn) -> Response:
    context = {"title": "You could not be signed in", "reason": str(refused), "again": SIGN_IN}
    return render("not-signed-in.html", OF_NO_PAGE | context, refused.status)


async def sign_out(request: Request) -> Response:
    """The page that asks whether to sign out."""
    return page_with_form(request, "sign-out.html", OF_NO_PAGE | {"title": "Sign out"})


async def signed_out(request: Request) -> Response:
    """End the session, and lead to where the council's account is signed out, too, if it began with that.

    The answer is no redirect then: a form of ours may lead to no other site.
    """
    await read_form(request)
    sessions, openid_connect = sessions_of(request), request.app.state.openid_connect
    answer: Response = RedirectResponse(SIGN_IN, 303)
    if openid_connect is not None and sessions.way_of(request) == openid_connect.way:
        there = await _there(openid_connect)
        answer = render("signed-out.html", OF_NO_PAGE | {"title": "You are signed out here", "again": SIGN_IN} | there)
    sessions.end(answer)
    return answer


async def _there(openid_connect: AccountAuthentication) -> dict[str, object]:
    """Where the council's account is signed out, as far as the provider tells."""
    try:
        return {"there": await openid_connect.where_to_sign_out()}
    except NotSignedIn:
        return {"there": None}


def _sign_in_page(request: Request, then: str, fault: str | None = None, status: int = 200) -> Response:
    needs_key = bool(runtime_of(request).settings.api_keys)
    context = {"title": "Sign in", "then": then, "fault": fault, "needs_key": needs_key}
    if request.app.state.openid_connect is not None:
        context["away"] = f"{AWAY}?{urlencode({'then': then})}"
    return page_with_form(request, "sign-in.html", OF_NO_PAGE | context, status)
