"""The format of an answer: by `format=`, by the end of the path (`.csv`, `.xlsx`), or by Accept.

Invariant: the plainest statement counts: the parameter before the path, the path before the header, and JSON if
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
    """The two tables of an answer: its rows, and a description of them (measure, definition, dates) with one line
    each.
    """

    DATA = "data"
    ABOUT = "about"


MEDIA_TYPES = {
    Format.JSON: "application/json",
    Format.CSV: "text/csv",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
SUFFIXES = {f".{format}": format for format in Format if format is not Format.JSON}
NAME = "format"
"""The parameter that says it."""
OF_SCOPE = "workforce.format"
"""Key in a request's scope: the format that the end of its path named."""
ROOT = "/v1/"


class FormatBySuffix:
    """Middleware: `/v1/measures/vacancies.csv` is `/v1/measures/vacancies`, as CSV.

    If `format=` names another format, the path is left as it is: an identifier may end like that.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on without the suffix of its path."""
        if scope["type"] == "http" and scope["path"].startswith(ROOT) and scope["method"] in ("GET", "HEAD"):
            for suffix, format in SUFFIXES.items():
                if scope["path"].endswith(suffix) and _format_in_query(scope) in (None, format):
                    # In place: whose request it is is noted there, for who counts connections.
                    scope.update({"path": scope["path"].removesuffix(suffix), OF_SCOPE: format})
                    break
        await self._app(scope, receive, send)


def _format_in_query(scope: Scope) -> str | None:
    return QueryParams(scope["query_string"]).get(NAME)


def format_by_path_or_header(request: Request) -> Format:
    """The format where the parameter says nothing."""
    by_suffix: Format | None = request.scope.get(OF_SCOPE)
    return by_suffix or _accepted(", ".join(request.headers.getlist("accept")))


def _accepted(header: str) -> Format:
    """The format that the header prefers; JSON unless another one is preferred to it."""
    preferences: dict[str, float] = {}
    for item in header.lower().split(","):
        media_type, *parameters = (word.strip() for word in item.split(";"))
        weights = [_weight(word[2:]) for word in parameters if word.startswith("q=")]
        preferences[media_type] = weights[0] if weights else 1.0
    weights_of = {format: preferences.get(media_type, 0.0) for format, media_type in MEDIA_TYPES.items()}
    if MEDIA_TYPES[Format.JSON] not in preferences:
        # Of what a range takes in it is JSON that is given, where no file is named with the same weight.
        by_range = preferences.get("application/*", preferences.get("*/*", 0.0))
        weights_of[Format.JSON] = by_range if by_range > max(weights_of.values()) else 0.0
    # Of equals the first: JSON before the others.
    return max(Format, key=lambda format: weights_of[format])


def _weight(text: str) -> float:
    """The weight of one media type in Accept (RFC 9110); 0 if it is not a valid weight."""
    return float(text) if re.fullmatch(r"[01](\.[0-9]{0,3})?", text) else 0.0
