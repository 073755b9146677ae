"""In which format an answer is wanted: by `format=`, by the end of the path (`.csv`, `.xlsx`), or by Accept.

Invariant: what is said most plainly counts: the parameter before the path, the path before the header, and JSON where
nothing is said.
"""

import re
from enum import StrEnum

from fastapi import Request
from starlette.datastructures import QueryParams
from starlette.types import ASGIApp, Receive, Scope, Send


class Format(StrEnum):
    """How an answer can be written."""

    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"


class Sheet(StrEnum):
    """The two tables of an answer: its rows, and what they are (measure, definition, dates), a line each."""

    DATA = "data"
    ABOUT = "about"


MEDIA_TYPES = {
    Format.JSON: "application/json",
    Format.CSV: "text/csv",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
SUFFIXES = {f".{wanted}": wanted for wanted in Format if wanted is not Format.JSON}
NAME = "format"
"""The parameter that says it."""
_OF_SCOPE = "workforce.format"
ROOT = "/v1/"


class FormatBySuffix:
    """Middleware: `/v1/measures/vacancies.csv` is `/v1/measures/vacancies`, as CSV.

    Where `format=` says otherwise the path is taken as it stands: an identifier may end like that.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on without the suffix of its path."""
        if scope["type"] == "http" and scope["path"].startswith(ROOT) and scope["method"] in ("GET", "HEAD"):
            for suffix, wanted in SUFFIXES.items():
                if scope["path"].endswith(suffix) and _said(scope) in (None, wanted):
                    # In place: whose request it is is noted there, for who counts connections.
                    scope.update({"path": scope["path"].removesuffix(suffix), _OF_SCOPE: wanted})
                    break
        await self._app(scope, receive, send)


def _said(scope: Scope) -> str | None:
    return QueryParams(scope["query_string"]).get(NAME)


def format_by_path_or_header(request: Request) -> Format:
    """The format where the parameter says nothing."""
    by_suffix: Format | None = request.scope.get(_OF_SCOPE)
    return by_suffix or _accepted(", ".join(request.headers.getlist("accept")))


def _accepted(header: str) -> Format:
    """What the header asks for most; JSON where something else is not asked for more."""
    wishes: dict[str, float] = {}
    for item in header.lower().split(","):
        media_type, *parameters = (word.strip() for word in item.split(";"))
        weights = [_weight(word[2:]) for word in parameters if word.startswith("q=")]
        wishes[media_type] = weights[0] if weights else 1.0
    weights_of = {wanted: wishes.get(media_type, 0.0) for wanted, media_type in MEDIA_TYPES.items()}
    if MEDIA_TYPES[Format.JSON] not in wishes:
        # Of what a range takes in it is JSON that is given, where no file is named with the same weight.
        by_range = wishes.get("application/*", wishes.get("*/*", 0.0))
        weights_of[Format.JSON] = by_range if by_range > max(weights_of.values()) else 0.0
    # Of equals the first: JSON before the others.
    return max(Format, key=lambda wanted: weights_of[wanted])


def _weight(text: str) -> float:
    """The weight of one media type in Accept (RFC 9110); what is no weight weighs nothing."""
    return float(text) if re.fullmatch(r"[01](\.[0-9]{0,3})?", text) else 0.0
