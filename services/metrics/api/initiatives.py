"""The initiatives of a council over HTTP: what it did to fill its posts and to keep its people, and when.

Invariant: answers follow from the events in force as known, and accepted, at the instants asked for.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import asyncpg
from fastapi import APIRouter, Request, Response

from contracts.codes import InitiativeKind
from contracts.envelope import Event, format_instant
from services.chassis.authentication import READING
from services.chassis.documentation import record, several
from services.chassis.stored_events import event_of
from services.metrics.api import schemas
from services.metrics.api.computing import computing
from services.metrics.api.examples.lists import INITIATIVES_EXAMPLE
from services.metrics.api.known import refuse_unknown
from services.metrics.api.parameters import FIRST, LAST, AsKnown, OfOneAuthority, Paged
from services.metrics.api.query import KNOWN
from services.metrics.api.responses import answer, page_links, pinned, responses
from services.metrics.ingest import announcements
from services.metrics.measures.declaration import RETENTION_ALONE
from services.metrics.read_models import cost
from services.metrics.timelines.initiatives import Initiative, initiatives
from services.metrics.timelines.rows import STILL_KNOWN

router = APIRouter(tags=["initiatives"], dependencies=[READING])


class InitiativesParameters(OfOneAuthority, AsKnown, Paged):
    """Authority, time, and instants."""

    first = FIRST
    last = LAST

    def check(self) -> None:
        """The last day must not come before the first."""
        super().check()
        if self.first is not None and self.last is not None and self.first > self.last:
            self.fault("to", "is before from", f"a date from {self.first} on", self.last.isoformat())


_DAY_OR_NULL = schemas.or_null(schemas.DATE)
_INITIATIVE = record(
    {
        "initiative": schemas.TEXT,
        "title": schemas.TEXT | {"description": "Published as it stands: it names no person."},
        "kind": {"enum": list(InitiativeKind)},
        "announced_on": _DAY_OR_NULL | {"description": "null where it was not said."},
        "starts_on": schemas.DATE,
        "ends_on": _DAY_OR_NULL
        | {"description": "The first day on which it no longer runs; null where no end is known."},
        "events": schemas.LINK | {"description": "Where its events are told."},
    }
)
INITIATIVES = record(
    {"authority": schemas.AUTHORITY}
    | schemas.KNOWN
    | schemas.PAGE
    | {
        "rows": several(_INITIATIVE),
        "links": schemas.links(),
    },
    schemas.ACCEPTED | {"from": schemas.DATE, "to": schemas.DATE},
)


@router.get(
    "/v1/initiatives",
    summary="What the council did to fill its posts and to keep its people",
    responses=responses(INITIATIVES_EXAMPLE, schema=INITIATIVES),
    openapi_extra=InitiativesParameters.documented(),
)
async def get_initiatives(request: Request) -> Response:
    """Each initiative as it was last recorded, in the order in which they start. With `from` or `to` only those that
    ran on a day between the two. Initiatives announced for days to come are listed too.
    """
    question = InitiativesParameters(request)
    question.raise_if_invalid()
    question.rests_on = RETENTION_ALONE
    report = question.authority, question.known_at, question.as_accepted_at
    async with computing(request) as computation:
        await refuse_unknown(computation, *report)
        rows = await announcements.read(computation.read_cache.readers, *report)
        await computation.weigh(cost.READ_EVENT * len(rows))
        return await computation.run(_answer, question, rows)


def _answer(question: InitiativesParameters, rows: Sequence[asyncpg.Record]) -> Response:
    limit, offset = question.page()
    known = known_of(map(event_of, rows), question.first or date.min, question.last or date.max)
    body: dict[str, Any] = {"authority": question.authority} | question.instants()
    days = {"from": question.first, "to": question.last}
    body |= {name: day.isoformat() for name, day in days.items() if day is not None}
    body |= {"count": len(known), "limit": limit, "offset": offset}
    body["rows"] = [_as_row(one, question) for one in known[offset : offset + limit]]
    body["links"] = {"pinned": pinned(question)} | page_links(question, len(known), limit, offset)
    lines = list(_INITIATIVE["properties"]), (list(row.values()) for row in body["rows"])
    return answer(question, body, lines)


def known_of(events: Iterable[Event], first: date, last: date) -> list[Initiative]:
    """What these events say, all of them, of the initiatives that ran on a day of a time; in the order of starts."""
    of_each: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        of_each[event.envelope.subject].append(event)
    known = (row for of_one in of_each.values() for row in initiatives(of_one)[-1:] if row.known_to == STILL_KNOWN)
    ran = [one for one in known if one.starts_on <= last and (one.ends_on is None or one.ends_on > first)]
    return sorted(ran, key=lambda one: (one.starts_on, one.initiative))


def _as_row(one: Initiative, question: InitiativesParameters) -> dict[str, Any]:
    """An initiative as answers show it. The link to its events has the same instant known as the question, if it
    states one.
    """
    instants = [
        f"&{name}={format_instant(instant)}" for name in KNOWN if (instant := question.values.get(name)) is not None
    ]
    return {
        "initiative": one.initiative,
        "title": one.title,
        "kind": one.kind,
        "announced_on": None if one.announced_on is None else one.announced_on.isoformat(),
        "starts_on": one.starts_on.isoformat(),
        "ends_on": None if one.ends_on is None else one.ends_on.isoformat(),
        "events": f"/v1/subjects/initiative/{one.initiative}?authority={question.authority}{''.join(instants)}",
    }
