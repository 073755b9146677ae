"""How requests are answered: JSON page by page, or a whole file, with an ETag.

Invariant: the same figures have the same ETag, whichever process answers. What is pinned is answered with the same
bytes, once it is complete.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any
from urllib.parse import urlencode

from fastapi import Response
from fastapi.responses import StreamingResponse

from contracts.envelope import format_instant
from services.chassis.documentation import json_content, refusals
from services.chassis.problems import MEDIA_TYPE
from services.metrics.api import schemas
from services.metrics.api.files import ABOUT_HEADING, Lines, about, csv_pieces, file_name
from services.metrics.api.formats import MEDIA_TYPES, Format, Sheet
from services.metrics.api.query import FORMAT, KNOWN, SHEET, ReadQuery
from services.metrics.api.workbook import workbook
from services.metrics.pauses import pause

CSV, JSON = MEDIA_TYPES[Format.CSV], MEDIA_TYPES[Format.JSON]

PROBLEM: dict[str, Any] = {"content": {MEDIA_TYPE: {}}}
"""What an answer that is problem details holds."""
HEADERS: dict[str, Any] = {
    "ETag": {
        "required": True,
        "description": "The same for the same figures.",
        "schema": {"type": "string", "pattern": '^"[0-9a-f]{32}"$'},
    },
    "Vary": {"required": True, "schema": {"const": "Accept, Authorization"}},
    "Cache-Control": {"required": True, "schema": {"const": "private, no-cache"}},
    "Content-Disposition": {
        "required": False,
        "description": "Of a file what it is called.",
        "schema": {"type": "string"},
    },
    "Link": {
        "required": False,
        "description": "Of CSV where it stands what the rows are (`describedby`).",
        "schema": {"type": "string"},
    },
}
INSTANTS = {"Recorded-Until": "recorded_until", "Complete-Until": "complete_until"}
"""The headers that say these members of whatever is answered: CSV and 304 have no other place for them."""
AGE_HEADERS: dict[str, Any] = {
    header: {
        "required": False,
        "description": f"What `{name}` says; left out where that is null. It can move on under one ETag.",
        "schema": schemas.INSTANT,
    }
    for header, name in INSTANTS.items()
}
AGE_EXAMPLE = {
    "recorded_until": "2023-11-30T09:31:00Z",
    "complete_until": "2023-11-30T11:59:58.200Z",
    "stale": False,
    "feeds": [{"source": "/coventry/hr", "service": "recruitment", "recorded_until": "2023-11-30T09:31:00Z"}],
    "more_feeds": False,
}


def responses(example: Any, *, schema: schemas.Schema, of_events: bool = True) -> dict[int | str, dict[str, Any]]:
    """What a route may answer, for its documentation. `schema` is that of the answer in JSON.

    `of_events`: the answer follows from events, and so it says how old what is known is.
    """
    headers = HEADERS | (AGE_HEADERS if of_events else {})
    content: dict[str, Any] = {media_type: {"schema": {"type": "string"}} for media_type in MEDIA_TYPES.values()}
    content[JSON] = json_content(schema, example | (AGE_EXAMPLE if of_events else {}))
    return {
        200: {"description": "The answer.", "headers": headers, "content": content},
        304: {"description": "Nothing has changed since the answer with that ETag.", "headers": headers},
    } | refusals(
        {
            401: "No key, or an unknown one.",
            403: "The key may not read this authority.",
            404: "There is no such thing, or nothing is known of the authority.",
            422: "A parameter is not as described (`request-refused`): which, and what would be right. Or the question "
            "would cost too much (`too-costly`): what it would cost, what it may cost, and what to ask instead.",
            429: "Too many questions of this caller wait: ask again when some of them are answered.",
            503: "The database cannot be reached, or too much is asked at the moment: ask again.",
        }
    )


def list_responses(example: Any, schema: schemas.Schema) -> dict[int | str, dict[str, Any]]:
    """What a route may answer that lists what there is, whatever was recorded."""
    described = responses(example, schema=schema, of_events=False)
    refused = refusals({422: "A parameter is not as described: which, and what would be right."})
    return {status: described[status] for status in (200, 304, 401)} | refused


def answer(
    question: ReadQuery,
    body: Mapping[str, Any],
    lines: Lines,
    *,
    passing: Sequence[str] = ("links",),
    lasting_too: Any = None,
) -> Response:
    """The answer as JSON or, where that is what is asked for, its `lines` (heading and all rows) as a file.

    `passing` names members that differ from request to request though nothing has changed. The ETag leaves them out,
    and `as_known_at` too if the caller did not give it. `lasting_too` is what the ETag takes in besides: of a member
    that is passing in part, the rest. Answers that follow from events say up to when they are complete, and when the
    newest record was made. These members are passing too; that a figure is stale is not.
    """
    left_out = set(passing) | ({"as_known_at"} if question.text("as_known_at") is None else set())
    lasting = {name: value for name, value in body.items() if name not in left_out}
    age = _age(question, _last_day(question, body)) if question.pins else {}
    body, lasting = {**body, **age}, lasting | {name: age[name] for name in ("stale",) if name in age}
    if question.format is Format.JSON:
        tag = _digest([Format.JSON, lasting, lasting_too])
    else:
        file, content = _as_file(question, body, lines)
        tag = _digest([question.format, question.sheet, about(lasting), lasting_too], content)
    headers = {"ETag": f'"{tag}"', "Vary": "Accept, Authorization", "Cache-Control": "private, no-cache"}
    headers |= {header: age[name] for header, name in INSTANTS.items() if age.get(name) is not None}
    is_sent = question.request.scope.get("method") == "POST"
    if not is_sent and _is_held(question.request.headers.get("if-none-match", ""), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    if question.format is Format.JSON:
        return Response("".join(json_pieces(body, ",", ":")), media_type=JSON, headers=headers)
    file.headers.update(headers)
    return file


def _age(question: ReadQuery, day: date) -> dict[str, Any]:
    """How old is what is known, as every answer of events says it; `day` is the last that it speaks of."""
    age, complete = question.age, question.complete_until()
    recorded = age.recorded_until
    return {
        "recorded_until": None if recorded is None else format_instant(recorded),
        "complete_until": None if complete is None else format_instant(complete),
        "stale": question.is_stale(day),
        "feeds": [
            {"source": source, "service": service, "recorded_until": format_instant(instant)}
            for source, service, instant in age.feeds
        ],
        "more_feeds": age.more_feeds,
    }


def _last_day(question: ReadQuery, body: Mapping[str, Any]) -> date:
    """The last day of which an answer speaks, by its own members; the day of the instant where it names none."""
    times = [body, *body.get("periods", ())[-1:]]
    days = [date.fromisoformat(time[name]) for time in times for name in ("to", "as_at") if name in time]
    return max(days, default=question.latest_known_at().date())


def _as_file(question: ReadQuery, body: Mapping[str, Any], lines: Lines) -> tuple[Response, list[bytes]]:
    """The answer as a file, and of what holds its figures the bytes.

    All of it is worked out before the first byte is sent, so a file never breaks off because of a fault here. It is
    sent in pieces.
    """
    is_about = question.sheet is Sheet.ABOUT
    what_it_is: Lines = (ABOUT_HEADING, about(body))
    if question.format is Format.XLSX:
        lines = lines[0], list(lines[1])
    content = list(csv_pieces(lines))
    if question.format is Format.XLSX:
        pieces = [workbook([(Sheet.DATA, lines), (Sheet.ABOUT, what_it_is)])]
    else:
        pieces = list(csv_pieces(what_it_is)) if is_about else content
    name = file_name(question.request.url.path, body, question.format, is_about=is_about)
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Length": str(sum(len(piece) for piece in pieces)),
    }
    if question.format is Format.CSV and not is_about:
        headers["Link"] = f'<{pinned(question, sheet=Sheet.ABOUT)}>; rel="describedby"; type="{CSV}"'
    media_type = MEDIA_TYPES[question.format]
    return StreamingResponse(_one_by_one(pieces), media_type=media_type, headers=headers), content


async def _one_by_one(pieces: Sequence[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def _digest(value: Sequence[Any], content: Sequence[bytes] = ()) -> str:
    """What stands for some values, and the bytes of a file, in an ETag."""
    digest = hashlib.sha256()
    for part in content:
        digest.update(part)
    for piece in json_pieces(value, ", ", ": ", in_order=True, depth=IN_PIECES + 1):
        digest.update(piece.encode())
    return digest.hexdigest()[:32]


IN_PIECES = 2
"""So deep answers are written piece by piece: the answer and its lists. A row is a piece."""
AT_ONCE = 1000
"""Numbers or texts of a list that are a piece."""


def json_pieces(
    value: Any, comma: str = ",", colon: str = ":", *, in_order: bool = False, depth: int = IN_PIECES
) -> Iterator[str]:
    """What `json.dumps` makes of a value, but in pieces, so that other threads do not wait for the whole. Keys are
    texts.

    `in_order` is its `sort_keys`.
    """
    pause()
    encode = _encoder(comma, colon, in_order).encode
    if depth and isinstance(value, dict) and value:
        before = "{"
        for name in sorted(value) if in_order else value:
            yield f"{before}{encode(name)}{colon}"
            yield from json_pieces(value[name], comma, colon, in_order=in_order, depth=depth - 1)
            before = comma
        yield "}"
    elif depth and isinstance(value, list | tuple) and any(isinstance(item, dict | list | tuple) for item in value):
        before = "["
        for item in value:
            yield before
            yield from json_pieces(item, comma, colon, in_order=in_order, depth=depth - 1)
            before = comma
        yield "]"
    elif isinstance(value, list | tuple) and len(value) > AT_ONCE:
        for start in range(0, len(value), AT_ONCE):
            piece = encode(value[start : start + AT_ONCE])
            yield (comma if start else "[") + piece[1:-1]
        yield "]"
    else:
        yield encode(value)


@cache
def _encoder(comma: str, colon: str, in_order: bool) -> json.JSONEncoder:
    """Made once: `json.dumps` makes one for every call that asks for more than the usual."""
    return json.JSONEncoder(separators=(comma, colon), sort_keys=in_order)


def _is_held(held: str, tag: str) -> bool:
    return held.strip() == "*" or tag in [item.strip().removeprefix("W/") for item in held.split(",")]


def pinned(question: ReadQuery, path: str | None = None, only: Collection[str] | None = None, **more: Any) -> str:
    """The link that always gives the same figures: it states both instants. What `more` says replaces other parameters.

    `path` is another route. It takes only those of the question's parameters that are in `only`. A value of None in
    `more` leaves a parameter out.
    """
    values: dict[str, Any] = {}
    for name, value in question.request.query_params.multi_items():
        values[name] = f"{values[name]},{value}" if name in values else value
    values.pop(SHEET.name, None)
    if question.format is not Format.JSON and only is None:
        values[FORMAT.name] = question.format
    now = format_instant(question.now)
    taken = {name: now for name in KNOWN if name in (question.declared if only is None else only)}
    given = values | {name: value for name, value in (question.meant | taken).items() if name not in values}
    kept = {name: value for name, value in given.items() if only is None or name in only} | more
    parameters = {name: value for name, value in kept.items() if value is not None}
    return f"{path or question.request.url.path}?{urlencode(parameters, safe=':,')}"


def page_links(question: ReadQuery, count: int, limit: int, offset: int, **more: Any) -> dict[str, str]:
    """The link to the next page, if there is one; `more` is as in `pinned`."""
    return {"next": pinned(question, **more, limit=limit, offset=offset + limit)} if offset + limit < count else {}
