"""How requests are answered: JSON or CSV, page by page, with an ETag.

Invariant: the same figures have the same ETag, whichever process answers; what is pinned is answered byte for byte.
"""

import csv
import hashlib
import io
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response

from contracts.envelope import format_instant
from services.chassis.problems import MEDIA_TYPE
from services.metrics.api.asking import KNOWN, Question

CSV = "text/csv"
JSON = "application/json"

PROBLEM = {"content": {MEDIA_TYPE: {"schema": {"type": "object"}}}}


def responses(example: Any, *, csv_too: bool = True) -> dict[int | str, dict[str, Any]]:
    """What a route may answer, for its documentation."""
    content: dict[str, Any] = {JSON: {"example": example}}
    if csv_too:
        content[CSV] = {"schema": {"type": "string"}}
    return {
        200: {"description": "The answer. With If-None-Match and the same ETag: 304.", "content": content},
        304: {"description": "Nothing has changed since the answer with that ETag."},
        401: {"description": "No key, or an unknown one.", **PROBLEM},
        403: {"description": "The key may not read this authority.", **PROBLEM},
        404: {"description": "There is no such thing, or nothing is known of the authority.", **PROBLEM},
        422: {"description": "A parameter is not as described: which, and what would be right.", **PROBLEM},
        503: {"description": "The database cannot be reached: ask again.", **PROBLEM},
    }


def answer(
    question: Question,
    body: Mapping[str, Any],
    lines: tuple[Sequence[str], Iterable[Sequence[Any]]] | None = None,
    *,
    passing: Sequence[str] = ("links",),
    lasting_too: Any = None,
) -> Response:
    """The answer as JSON or, where `lines` (heading and rows) are given and CSV is what is asked for, as CSV.

    `passing` names members that differ from request to request though nothing has changed: the ETag leaves them out,
    and `as_known_at` too where the caller did not give it. `lasting_too` is what it takes in besides: of a member that
    is passing in part, the rest.
    """
    request = question.request
    as_csv = lines is not None and wants_csv(request)
    left_out = set(passing) | ({"as_known_at"} if question.text("as_known_at") is None else set())
    lasting = {name: value for name, value in body.items() if name not in left_out}
    tag = hashlib.sha256(json.dumps([as_csv, lasting, lasting_too], sort_keys=True).encode()).hexdigest()[:32]
    headers = {"ETag": f'"{tag}"', "Vary": "Accept, Authorization", "Cache-Control": "private, no-cache"}
    if _is_held(request.headers.get("if-none-match", ""), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    if as_csv and lines is not None:
        return Response(_as_csv(*lines), media_type=CSV, headers=headers)
    return Response(json.dumps(body, separators=(",", ":")), media_type=JSON, headers=headers)


def _is_held(held: str, tag: str) -> bool:
    return held.strip() == "*" or tag in [item.strip().removeprefix("W/") for item in held.split(",")]


def wants_csv(request: Request) -> bool:
    """Whether the caller asks for CSV and not for JSON."""
    accepted = request.headers.get("accept", "")
    return CSV in accepted and JSON not in accepted


def _as_csv(heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(heading)
    writer.writerows(rows)
    return text.getvalue()


def pinned(question: Question, path: str | None = None, only: Collection[str] | None = None, **more: Any) -> str:
    """The link that gives the same figures ever after: both instants are said, and what `more` says replaces the rest.

    `path` is another route, which takes of the question's parameters those of `only`. A value of None in `more` leaves
    a parameter out.
    """
    asked: dict[str, Any] = {}
    for name, value in question.request.query_params.multi_items():
        asked[name] = f"{asked[name]},{value}" if name in asked else value
    now = format_instant(question.now)
    taken = {name: now for name in KNOWN if name in (question.names if only is None else only)}
    given = asked | {name: value for name, value in (question.meant | taken).items() if name not in asked}
    kept = {name: value for name, value in given.items() if only is None or name in only} | more
    said = {name: value for name, value in kept.items() if value is not None}
    return f"{path or question.request.url.path}?{urlencode(said, safe=':,')}"


def page_links(question: Question, count: int, limit: int, offset: int, **more: Any) -> dict[str, str]:
    """The link to the next page, where there is one; `more` as in `pinned`."""
    return {"next": pinned(question, **more, limit=limit, offset=offset + limit)} if offset + limit < count else {}
