"""What every page has: who looks at it, the state that its address holds, and how a fault is shown.

Invariant: the address holds the whole state. Whoever is sent it sees the same, as far as their key may read.
"""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute

from services.chassis.authentication import EVERY_AUTHORITY, Caller, authenticated_caller
from services.chassis.problems import Problem
from services.chassis.query import DAY, Parameter, QueryModel
from services.metrics.api.parameters import ONE_AUTHORITY, SCOPE, AsKnown, of_dimensions
from services.metrics.pages.asking import Answered, NotAnswered, address, ask
from services.metrics.pages.rendering import page
from services.metrics.pages.signing_in import Sessions, to_sign_in
from services.metrics.read_models.read_cache import read_cache_of

OF_POSTS = ("role", "team", "service_area", "location")
"""The dimensions by which every page can be narrowed down."""


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of the navigation."""

    name: str
    path: str


NAVIGATION: list[Link] = []
"""The pages, in the order of the navigation; each adds itself when it is declared."""


class PageQuery(QueryModel):
    """The state that every page's address holds."""

    authority = Parameter(ONE_AUTHORITY.name, ONE_AUTHORITY.meaning, ONE_AUTHORITY.kind, ONE_AUTHORITY.example)
    as_at = Parameter("as_at", "The date the figures are of.", DAY)
    compare_with = Parameter("compare_with", "An earlier date to compare with.", DAY)
    as_known_at = AsKnown.as_known_at
    as_accepted_at = AsKnown.as_accepted_at
    scope = SCOPE
    only = of_dimensions(OF_POSTS)


class Page:
    """One page that is being made: its state, and the questions it asks of the API."""

    def __init__(self, request: Request, query: PageQuery, authority: str, as_at: date) -> None:
        self.request = request
        self.query = query
        self.caller: Caller = authenticated_caller(request)
        self.authority = authority
        self.as_at = as_at
        self.asked: list[Answered] = []

    @property
    def known(self) -> dict[str, str | None]:
        """As known and as accepted when, as the API takes it."""
        given = self.query.request.query_params
        return {name: given.get(name) for name in ("as_known_at", "as_accepted_at")}

    @property
    def narrowed(self) -> dict[str, str | None]:
        """Scope and filters, as the API takes them."""
        given = self.query.request.query_params
        return {name: given.get(name) for name in ("scope", *OF_POSTS)}

    async def ask(self, path: str, **given: Any) -> Answered:
        """An answer of the API about this authority, as known when the page is. Raises NotAnswered."""
        found = await ask(self.request, self.caller, path, **{"authority": self.authority, **self.known, **given})
        self.asked.append(found)
        return found

    async def ask_if_any(self, path: str, **given: Any) -> Answered | None:
        """The same; None where the API has nothing to say of it."""
        try:
            return await self.ask(path, **given)
        except NotAnswered as refused:
            if refused.status in (404, 422):
                return None
            raise

    def here(self, **other: Any) -> str:
        """This page's address with some of its state changed; None leaves a parameter out."""
        return self.there(self.request.url.path, **{**dict(self.request.query_params), **other})

    def there(self, path: str, **more: Any) -> str:
        """Another page's address with the state that all pages share."""
        shared = {name: self.request.query_params.get(name) for name in PageQuery.declared}
        return address(path, {**shared, **more})

    def context(self, title: str, **more: Any) -> dict[str, Any]:
        """What the templates of every page are told."""
        # What compares two reports speaks of the later instant, not of the day of the page.
        ages = [
            answer.body for answer in self.asked if "recorded_until" in answer.body and "changes" not in answer.body
        ]
        return {
            "title": title,
            "page": self,
            "navigation": [
                {"text": link.name, "href": self.there(link.path), "current": link.path == self.request.url.path}
                for link in NAVIGATION
            ],
            "recorded_until": max((body["recorded_until"] or "" for body in ages), default="") or None,
            "complete_until": min((body["complete_until"] or "" for body in ages), default="") or None,
            "stale": any(body.get("stale") for body in ages),
            "signed_in": has_session(self.request),
            **more,
        }


Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def sessions_of(request: Request) -> Sessions:
    """The sessions of the process that a request came to."""
    found: Sessions = request.app.state.sessions
    return found


def has_session(request: Request) -> bool:
    """Whether whoever looks could sign out: on a machine of one's own nobody signs in."""
    return bool(request.app.state.runtime.settings.api_keys)


class PageRoute(APIRoute):
    """A route of a page: only for who may read, and what is wrong is told on a page, too."""

    def get_route_handler(self) -> Handler:
        """The handler with what all pages do around it."""
        handler = super().get_route_handler()

        async def with_page_around(request: Request) -> Response:
            caller = sessions_of(request).caller(request)
            if caller is None:
                return to_sign_in(request)
            request.scope["caller"] = caller
            kept = [(name, value) for name, value in request.query_params.multi_items() if value]
            if len(kept) < len(request.query_params.multi_items()):
                # A field of a form that was left empty: the address without it is the one to send to others.
                return RedirectResponse(f"{request.url.path}?{urlencode(kept)}", 303)
            try:
                return await handler(request)
            except NotAnswered as refused:
                return failed(request, refused.status, refused.problem)
            except Problem as problem:
                return failed(request, problem.status, problem.body)

        return with_page_around


def failed(request: Request, status: int, problem: Any) -> Response:
    """A page that says what is wrong, where, and what would be right."""
    query = dict(request.query_params)
    shared = {name: query.get(name) for name in PageQuery.declared if name in query and status != 422}
    context = {
        "title": str(problem.get("title", "Something went wrong")),
        "problem": problem,
        "status": status,
        "page": None,
        "navigation": [{"text": link.name, "href": address(link.path, shared)} for link in NAVIGATION],
        "signed_in": has_session(request),
        "again": address(request.url.path, {}),
    }
    return page("problem.html", context, status)


async def authorities(request: Request) -> Sequence[str]:
    """The authorities that whoever looks may read, of which something is known."""
    caller = authenticated_caller(request)
    if caller.authority != EVERY_AUTHORITY:
        return [caller.authority]
    return await read_cache_of(request).columns.authorities()


async def opened(request: Request, query: PageQuery) -> Page | Response:
    """The page with its state read; or where to go first, while its address does not hold all of it.

    Raises a 422 problem for a state that cannot be read.
    """
    query.raise_if_invalid()
    authority = query.authority or None
    if authority is None:
        known = await authorities(request)
        if len(known) != 1:
            context = {"title": "Choose an authority", "page": None, "navigation": [], "authorities": known}
            return page("authorities.html", {**context, "signed_in": has_session(request), "path": request.url.path})
        authority = known[0]
    if query.authority and query.as_at is not None:
        return Page(request, query, authority, query.as_at)
    as_at = query.as_at or await latest_day(request, query, authority)
    state = {**dict(request.query_params), "authority": authority, "as_at": as_at.isoformat()}
    return RedirectResponse(address(request.url.path, state), 303)


async def latest_day(request: Request, query: PageQuery, authority: str) -> date:
    """The day a page is of where nobody said one: today; or, long after the newest record, the day of that record."""
    known_at = request.query_params.get("as_known_at")
    path, caller = "/v1/measures/in-post", authenticated_caller(request)
    found = (await ask(request, caller, path, authority=authority, as_known_at=known_at)).body
    if found["stale"] and found["recorded_until"]:
        return date.fromisoformat(found["recorded_until"][:10])
    return date.fromisoformat(found["as_at"])
