"""Data quality: what the events of an authority cannot agree on, what would mend it, and how it moves the stocks.

Invariant: a finding names the events behind it, and where each came from. Its effect is worked out, never guessed.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from fastapi import APIRouter, Request, Response

from services.chassis.authentication import READING
from services.chassis.query import Parameter, several
from services.metrics.api import schemas
from services.metrics.api.computing import computing
from services.metrics.api.examples.lists import CHECKS_EXAMPLE, QUALITY_EXAMPLE
from services.metrics.api.explanations import as_event
from services.metrics.api.formats import Format
from services.metrics.api.known import snapshot_of_known
from services.metrics.api.parameters import AsAt, AsKnown, OfOneAuthority, Paged
from services.metrics.api.query import ReadQuery
from services.metrics.api.responses import answer, list_responses, page_links, pinned, responses
from services.metrics.api.tables import check_lines, finding_lines
from services.metrics.measures.declaration import exact
from services.metrics.pauses import with_pauses
from services.metrics.quality.catalogue import CHECKS, findings_of
from services.metrics.quality.declaration import SEVERITIES, Check, Finding, Severity
from services.metrics.quality.effect import Effect, effect
from services.metrics.quality.records import lateness
from services.metrics.read_models import cost
from services.metrics.reasons import Reason
from services.metrics.snapshot.employment import Scope
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.timelines.rows import FOREVER

router = APIRouter(tags=["quality"])


class QualityParameters(OfOneAuthority, AsAt, AsKnown, Paged):
    """The authority, the date and the checks whose findings are asked for, and how many findings."""

    check_names = Parameter(
        "check",
        "Only these checks; repeat, or join by commas.",
        several({"type": "string", "enum": list(CHECKS)}, f"one or more of {', '.join(CHECKS)}", CHECKS.__contains__),
        ["leaver-without-start"],
    )
    severities = Parameter(
        "severity",
        "Only checks of these severities; repeat, or join by commas.",
        several(
            {"type": "string", "enum": list(Severity)},
            f"one or more of {', '.join(SEVERITIES)}",
            SEVERITIES.__contains__,
        ),
        [Severity.MOVES],
    )

    @property
    def day(self) -> date:
        """The date; today if it is left out."""
        return self.as_at or self.now.date()

    def checks(self) -> list[Check]:
        """The checks asked for."""
        return [
            check
            for check in CHECKS.values()
            if (not self.check_names or check.name in self.check_names)
            and (not self.severities or check.severity in self.severities)
        ]


@router.get(
    "/v1/quality/checks",
    summary="Every check of data quality, what it means and what would mend it",
    responses=list_responses(CHECKS_EXAMPLE, schemas.CHECKS_LISTED),
    openapi_extra=ReadQuery.documented(),
)
async def list_checks(request: Request) -> Response:
    """The checks there are, the gravest first, each with the measures that its findings can move."""
    question = ReadQuery(request)
    question.raise_if_invalid()
    checks = [
        _named(check) | {"meaning": check.meaning, "remedy": check.remedy, "moves": list(check.moves)}
        for check in CHECKS.values()
    ]
    severities = [{"severity": name, "meaning": meaning} for name, meaning in SEVERITIES.items()]
    return answer(question, {"checks": checks, "severities": severities}, check_lines(checks))


@router.get(
    "/v1/quality",
    dependencies=[READING],
    summary="What the events of an authority cannot agree on",
    responses=responses(QUALITY_EXAMPLE, schema=schemas.QUALITY),
    openapi_extra=QualityParameters.documented(),
)
async def get_quality(request: Request) -> Response:
    """Findings check by check, the gravest first: the events behind each, what would mend it, and its effect.

    The effect is on the stocks (scope all) as at the date. `affected_fte` is the FTE in question that day. Where it is
    plain which events are one too many, `would_differ_by` says by how much each stock would differ `without` them,
    worked out by counting again. The summary and the lateness of entries are about the authority as a whole, whatever
    checks are asked for.
    """
    question = QualityParameters(request)
    question.raise_if_invalid()
    authority, as_at, chosen = question.authority, question.day, question.checks()
    async with computing(request) as computation:
        size = await computation.read_cache.size(authority)
        of_a_page = question.format is Format.JSON
        await computation.weigh(cost.of_quality(size, question.limit if of_a_page else 0))
        snapshot = await snapshot_of_known(computation, authority, question.known_at, question.as_accepted_at)
        if not of_a_page:
            # A file has the effects of all there are.
            findings = await computation.run(lambda: sum(len(findings_of(check, snapshot, as_at)) for check in chosen))
            await computation.weigh(cost.of_quality(size, findings))
        return await computation.run(_answer, question, chosen, snapshot)


def _answer(question: QualityParameters, chosen: Sequence[Check], snapshot: Snapshot) -> Response:
    (limit, offset), authority, as_at = question.page(), question.authority, question.day
    body: dict[str, Any] = {"authority": authority, "scope": Scope.ALL, "as_at": as_at.isoformat()}
    body |= question.instants() | _findings(snapshot, as_at, chosen, limit, offset)
    body["links"] = {"pinned": pinned(question)} | page_links(question, body["count"], limit, offset)
    return answer(question, body, finding_lines(body))


def _findings(snapshot: Snapshot, as_at: date, chosen: Sequence[Check], limit: int, offset: int) -> dict[str, Any]:
    """The summary of all checks, and one page of what those asked for found, with effects."""
    by_check = {check.name: findings_of(check, snapshot, as_at) for check in with_pauses(CHECKS.values())}
    findings = [finding for check in chosen for finding in by_check[check.name]]
    page = findings[offset : offset + limit]
    return {
        "summary": [_named(check) | {"findings": len(by_check[check.name])} for check in CHECKS.values()],
        "lateness": [
            {
                "type": item.event_type,
                "events": item.events,
                "late": item.late,
                "median_days_late": item.median_days,
            }
            | ({"reason": Reason.NO_DENOMINATOR} if item.median_days is None else {})
            for item in lateness(snapshot)
        ],
        "count": len(findings),
        "limit": limit,
        "offset": offset,
        "findings": [_as_finding(finding, effect(snapshot, finding, as_at)) for finding in with_pauses(page)],
    }


def _named(check: Check) -> dict[str, Any]:
    return {"check": check.name, "title": check.title, "severity": check.severity}


def _as_finding(finding: Finding, effect: Effect) -> dict[str, Any]:
    """One finding as answers show it."""
    check = CHECKS[finding.check]
    return _named(check) | {
        "message": finding.message,
        "remedy": check.remedy,
        "since": finding.since.isoformat(),
        "until": None if finding.until == FOREVER else finding.until.isoformat(),
        "subjects": list(finding.subjects),
        "effect": _as_effect(effect),
        "events": [as_event(event) for event in finding.events],
    }


def _as_effect(effect: Effect) -> dict[str, Any]:
    body: dict[str, Any] = {"affected_fte": exact(effect.affected)}
    if effect.moves is not None:
        body["without"] = [{"source": event.envelope.source, "id": event.envelope.id} for event in effect.without]
        body["would_differ_by"] = {name: exact(amount) for name, amount in effect.moves.items()}
    return body
