"""What every page has: who looks at it, the state that its address holds, and how a fault is shown.

Invariant: the address holds the whole state. Everybody who opens it sees the same, as far as their key may read.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute

from contracts.values import EARLIEST_DATE
from services.chassis.authentication import CHALLENGES, EVERY_AUTHORITY, Caller, authenticated_caller
from services.chassis.problems import Problem
from services.chassis.query import DAY, Parameter, QueryModel, read_date
from services.metrics.api.asking import Answered, NotAnswered, address, ask
from services.metrics.api.computing import TOO_COSTLY
from services.metrics.api.formats import ROOT
from services.metrics.api.parameters import AUTHORITY, ONE_AUTHORITY, SCOPE, AsKnown, of_dimensions
from services.metrics.measures.catalogue import MEASURES
from services.metrics.measures.dimensions import EVERY_DIMENSION
from services.metrics.pages.rendering import render, words
from services.metrics.pages.signing_in import sessions_of, shows_a_key, to_sign_in
from services.metrics.read_models.authorities import ALL
from services.metrics.read_models.read_cache import read_cache_of
from services.metrics.snapshot.amounts import months_later

INSTANTS = ("as_known_at", "known_then")
"""Parameters of pages that take an instant, of which people mean a day."""
ASKED_TOGETHER = 2
"""Questions of a page that are answered at a time: as many as one caller has turns."""
OF_POSTS = ("role", "team", "service_area", "location")
"""The dimensions by which every page can be narrowed down."""
YEARS_BEFORE = 6
"""Years before its date that a page looks back to, at most: starters are followed over five, beside the year before."""
EARLIEST_DAY = months_later(EARLIEST_DATE, 12 * YEARS_BEFORE)
"""The first date that a page can be of: what it compares with must be a date that can be asked for."""


KEY_NOT_KNOWN = (
    "The request shows a key that is not known. As long as it does, being signed in does not count: leave the key out, "
    "or show one that may read."
)
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of the navigation."""

    name: str
    path: str
    of_all: bool
    """Whether it can be of all authorities together."""


NAVIGATION: list[Link] = []
"""The pages, in the order of the navigation; each adds itself when it is declared."""
ORDER = (
    "Overview",
    "Trend",
    "Posts",
    "Retention",
    "Academy",
    "Progression",
    "Recruitment",
    "Agency",
    "Caseload",
    "Compare",
    "Forecast",
    "Data quality",
    "Reports",
    "What changed",
)
"""The names that a page can have in the navigation, in their order."""


def in_navigation(name: str, path: str, *, of_all: bool = False) -> None:
    """Add a page to the navigation, at its place."""
    NAVIGATION.append(Link(name, path, of_all))
    NAVIGATION.sort(key=lambda link: ORDER.index(link.name))


class PageQuery(QueryModel):
    """The state that every page's address holds."""

    of_others: ClassVar[set[str]] = set()

    authority = Parameter(ONE_AUTHORITY.name, ONE_AUTHORITY.meaning, ONE_AUTHORITY.kind, ONE_AUTHORITY.example)
    as_at = Parameter("as_at", "The date the figures are of.", DAY)
    compare_with = Parameter("compare_with", "An earlier date to compare with.", DAY)
    as_known_at = AsKnown.as_known_at
    as_accepted_at = AsKnown.as_accepted_at
    scope = SCOPE
    only = of_dimensions(OF_POSTS)

    def __init_subclass__(cls) -> None:
        """What one page has in its address all others pass over, and say so: readers go from page to page."""
        super().__init_subclass__()
        PageQuery.of_others |= cls.declared.keys()

    def check(self) -> None:
        """Refuse a date so early that what a page compares with is none: nobody asked about that one."""
        super().check()
        if self.as_at is not None and self.as_at < EARLIEST_DAY:
            problem, expected = "is too early", f"a date from {EARLIEST_DAY} on: pages look back {YEARS_BEFORE} years"
            self.fault("as_at", problem, expected, self.as_at.isoformat())


class OfAllQuery(PageQuery):
    """The same for a page that can be about all authorities together."""

    authority = Parameter(AUTHORITY.name, AUTHORITY.meaning, AUTHORITY.kind, AUTHORITY.example)


class Instead(Exception):
    """What is answered in place of the page: another address of this site, or a choice that must be made first."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.headers.get("location", ""))
        self.answer = answer


def elsewhere(address: str) -> Instead:
    """What an address asks for is at another address of this site."""
    return Instead(RedirectResponse(address, 303))


class Page:
    """One page that is being made: its state, and the questions it asks of the API."""

    def __init__(self, request: Request, query: PageQuery, authority: str, as_at: date) -> None:
        self.request = request
        self.query = query
        self.caller: Caller = authenticated_caller(request)
        self.authority = authority
        self.as_at = as_at
        self.answers: list[Answered] = []
        self.left_out: list[str] = []
        """What was left out because it would cost too much: the titles of what was asked for."""
        self._turns = asyncio.Semaphore(ASKED_TOGETHER)

    @property
    def is_of_all(self) -> bool:
        """Whether the page is about all authorities together."""
        return self.authority == ALL

    @property
    def whose(self) -> str:
        """Whom the page is about, in words."""
        return "All authorities" if self.is_of_all else f"Authority {self.authority}"

    def figure(self, measure: str, **more: Any) -> str:
        """Where a figure is explained; for all authorities, which have no events in common, where its months are."""
        if self.is_of_all:
            shared = {name: value for name, value in more.items() if name in OF_POSTS}
            return self.there("/trend", measure=measure, **shared)
        return self.there(f"/figures/{measure}", **more)

    @property
    def known(self) -> dict[str, str | None]:
        """The instants as known and as accepted at which, as the API takes them."""
        given = self.query.request.query_params
        return {name: given.get(name) for name in ("as_known_at", "as_accepted_at")}

    @property
    def narrowed(self) -> dict[str, str | None]:
        """Scope and filters, as the API takes them."""
        given = self.query.request.query_params
        return {name: given.get(name) for name in ("scope", *EVERY_DIMENSION)}

    async def ask(self, path: str, **given: Any) -> Answered:
        """An answer of the API about this authority, as known when the page is. Raises NotAnswered."""
        async with self._turns:
            answer = await ask(self.request, self.caller, path, **{"authority": self.authority, **self.known, **given})
        self.answers.append(answer)
        return answer

    async def ask_together(self, *asking: Coroutine[Any, Any, Result]) -> list[Result]:
        """The results of several questions, in their order. If one fails, raises its error and gives the others up."""
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one) for one in asking]
        except ExceptionGroup as several:
            raise several.exceptions[0] from None
        return [task.result() for task in tasks]

    async def ask_if_any(self, path: str, **given: Any) -> Answered | None:
        """The same; None if the API has no answer to give (404 or 422). What is too costly the page says beside."""
        try:
            return await self.ask(path, **given)
        except NotAnswered as refused:
            if refused.status not in (404, 422):
                raise
            if str(refused.problem.get("type", "")).endswith(f":{TOO_COSTLY}"):
                self.left_out.append(title_of(path))
            return None

    def here(self, **other: Any) -> str:
        """This page's address with some of its state changed; None leaves a parameter out."""
        return self.there(self.request.url.path, **{**dict(self.request.query_params), **other})

    def turning(self, offset: int, rows: int, count: int) -> dict[str, str | None]:
        """Where the rows before these and after these are. Raises Instead for rows beyond the last: to the last.

        Nobody is told that there is nothing where there is something: a row may have gone since the address was kept.
        """
        if offset and offset >= count:
            raise elsewhere(self.here(offset=max(0, count - 1) // rows * rows or None))
        return {
            "previous": self.here(offset=max(0, offset - rows)) if offset else None,
            "next": self.here(offset=offset + rows) if offset + rows < count else None,
        }

    @property
    def widened(self) -> str:
        """This page's address without scope and filters."""
        return self.here(**dict.fromkeys(("scope", "offset", *EVERY_DIMENSION)))

    def there(self, path: str, **more: Any) -> str:
        """Another page's address with the state that all pages share."""
        shared = {name: self.request.query_params.get(name) for name in PageQuery.declared}
        return address(path, {**shared, **more})

    def context(self, title: str, **more: Any) -> dict[str, Any]:
        """The values that the templates of every page get."""
        # What compares two reports speaks of the later instant, not of the day of the page.
        ages = [
            answer.body for answer in self.answers if "recorded_until" in answer.body and "changes" not in answer.body
        ]
        return {
            "title": title,
            "page": self,
            "navigation": [
                {
                    "text": link.name,
                    "href": self.there(link.path),
                    # A page below another one has the entry of that one.
                    "current": f"{self.request.url.path}/".startswith(f"{link.path}/"),
                }
                for link in NAVIGATION
                if link.of_all or not self.is_of_all
            ],
            "of_figures": bool(ages),
            "passed_over": self.query.passed_over,
            "recorded_until": max((body["recorded_until"] or "" for body in ages), default="") or None,
            "complete_until": min((body["complete_until"] or "" for body in ages), default="") or None,
            "stale": any(body.get("stale") for body in ages),
            "left_out_as_costly": list(dict.fromkeys(self.left_out)),
            "signed_in": has_session(self.request),
            "of_others": self.caller.authority == EVERY_AUTHORITY,
            **more,
        }


def in_full(name: str, value: str) -> str:
    """A parameter as the API takes it: a day as known at, as people write it, is the end of that day."""
    return f"{value}T23:59:59Z" if name in INSTANTS and read_date(value) is not None else value


def title_of(path: str) -> str:
    """What a path of the API is about, in words: the measure's title, or else its name."""
    named = [name for name in path.split("/") if name in MEASURES]
    return MEASURES[named[0]].title if named else words(path.rsplit("/", 1)[-1])


Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def has_session(request: Request) -> bool:
    """Whether the reader can sign out: on a machine of one's own nobody signs in."""
    return bool(request.app.state.runtime.settings.api_keys)


class PageRoute(APIRoute):
    """A route of a page: only for people who may read. Faults are shown as a page, too."""

    def get_route_handler(self) -> Handler:
        """The handler with what all pages do around it."""
        handler = super().get_route_handler()

        async def with_page_around(request: Request) -> Response:
            caller = sessions_of(request).caller(request)
            if caller is None and shows_a_key(request):
                answer = failed(request, 401, {"title": "A key is needed", "detail": KEY_NOT_KNOWN})
                answer.headers["www-authenticate"] = CHALLENGES[-1]
                return answer
            if caller is None:
                return to_sign_in(request)
            request.scope["caller"] = caller
            given = request.query_params.multi_items()
            kept = [(name, in_full(name, value)) for name, value in given if value]
            if kept != given:
                # Of a form with an empty field, or with a day in short: the address in full is what to send to others.
                return RedirectResponse(f"{request.url.path}?{urlencode(kept)}", 303)
            try:
                return await handler(request)
            except Instead as instead:
                return instead.answer
            except NotAnswered as refused:
                answer, headers = failed(request, refused.status, refused.problem), refused.headers
            except Problem as problem:
                answer, headers = failed(request, problem.status, problem.body), problem.headers or {}
            answer.headers.update(headers)
            return answer

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
        # What is at no address is not at it without its parameters either.
        "again": None if status in (404, 405) or request.url.path.startswith(ROOT) else address(request.url.path, {}),
    }
    return render("problem.html", context, status)


async def authorities(request: Request) -> Sequence[str]:
    """The authorities that the reader may read and of which something is known."""
    caller = authenticated_caller(request)
    if caller.authority != EVERY_AUTHORITY:
        return [caller.authority]
    return await read_cache_of(request).columns.authorities()


async def opened(request: Request, query: PageQuery) -> Page:
    """The page with its state read. Raises Instead if its address does not hold the whole state: where to go first.

    Raises a 422 problem for a state that cannot be read.
    """
    query.raise_if_invalid()
    authority = query.authority or None
    if authority is None:
        known = await authorities(request)
        if len(known) != 1:
            context = {
                "title": "Choose an authority",
                "page": None,
                "navigation": [],
                "authorities": known,
                "can_be_of_all": len(known) > 1 and isinstance(query, OfAllQuery),
                "signed_in": has_session(request),
                "path": request.url.path,
            }
            raise Instead(render("authorities.html", context))
        authority = known[0]
    if query.authority and query.as_at is not None:
        return Page(request, query, authority, query.as_at)
    as_at = query.as_at or await latest_day(request, query, authority)
    state = {**dict(request.query_params), "authority": authority, "as_at": as_at.isoformat()}
    raise elsewhere(address(request.url.path, state))


async def latest_day(request: Request, query: PageQuery, authority: str) -> date:
    """The day of a page by default: today or, long after the newest record, the day of that record."""
    known_at = request.query_params.get("as_known_at")
    path, caller = "/v1/measures/in-post", authenticated_caller(request)
    figure = (await ask(request, caller, path, authority=authority, as_known_at=known_at)).body
    if figure["stale"] and figure["recorded_until"]:
        return date.fromisoformat(figure["recorded_until"][:10])
    return date.fromisoformat(figure["as_at"])
