"""Data quality: what is to be mended, by whom, and what it does to the figures; how old each feed is; dead letters."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request, Response

from contracts.catalogue import EVENT_MODELS
from services.chassis.query import Parameter, whole, word
from services.metrics.api.asking import NotAnswered, address, ask
from services.metrics.api.parameters import MOST_OFFSET, MOST_ROWS
from services.metrics.measures.catalogue import MEASURES
from services.metrics.pages.page import Page, PageQuery, in_navigation, opened
from services.metrics.pages.rendering import day, difference, figure, render
from services.metrics.quality.catalogue import CHECKS
from services.metrics.quality.declaration import SEVERITIES, Severity

PATH = "/quality"
DEAD_LETTERS_PATH = "/quality/dead-letters"
in_navigation("Data quality", PATH)

ROWS = 20
TO_MEND = (Severity.MOVES, Severity.MAY_MOVE)
"""What is shown where nobody says: what is for information would stand before it by the hundred."""
MOST_LETTERS = 100
LATE = "late-entry"
DATE_IN_TEXT = r"\b\d{4}-\d\d-\d\d\b"
SUBJECT_IN_TEXT = (
    rf"\b({'|'.join(sorted({model.subject_kind for model in EVENT_MODELS.values()}))})/([A-Za-z0-9][A-Za-z0-9._-]*)"
)
NAMES = {
    Severity.MOVES: "Moves a figure",
    Severity.MAY_MOVE: "May move a figure",
    Severity.INFORMATION: "For information",
}
REMEDIES = {
    "contract": "Somebody wrote to the topic what the contracts do not allow, or this reader is older than the "
    "contract. Mend the record, or update the reader and send it again.",
    "decoding": "Our own code failed on it. Keep the reason, report it, and send it again when that is mended.",
    "handler": "Our own code or the database failed on it. Keep the reason, report it, and send it again when that is "
    "mended.",
}
"""What to do about a dead letter, by its cause (docs/runbook.md)."""


class QualityQuery(PageQuery):
    """Which findings, and how many."""

    severity = Parameter("severity", "Only what does this to figures.", word([*Severity], None))
    check_name = Parameter("check", "Only what this check page.", word(list(CHECKS), None))
    offset = Parameter("offset", "How many findings to pass over.", whole(0, MOST_OFFSET, 0))


async def quality(request: Request) -> Response:
    """The page."""
    page = await opened(request, query := QualityQuery(request))
    only = query.severity or (None if query.check_name else ",".join(TO_MEND))
    answer = await page.ask(
        "/v1/quality",
        as_at=page.as_at,
        check=query.check_name,
        severity=only,
        limit=ROWS,
        offset=query.offset,
    )
    alone = {"as_known_at": None, "as_accepted_at": None}
    feeds = await page.ask("/v1/feeds", limit=MOST_ROWS, **alone)
    body = answer.body
    return render(
        "quality.html",
        page.context(
            "Data quality",
            query=query,
            severities=[
                {"value": "", "text": "Moves or may move a figure"},
                *({"value": str(name), "text": text} for name, text in NAMES.items()),
            ],
            checks=[
                {"value": "", "text": "All checks"},
                *({"value": row["check"], "text": row["title"]} for row in body["summary"] if row["findings"]),
            ],
            by_severity=by_severity(body["summary"]),
            with_findings=[row | {"remedy": CHECKS[row["check"]].remedy} for row in body["summary"] if row["findings"]],
            checks_without_findings=sum(1 for row in body["summary"] if not row["findings"]),
            severity_names=NAMES,
            answer=body,
            findings=[as_shown(finding) for finding in body["findings"]],
            files={
                name: address("/v1/quality", {"authority": page.authority, "as_at": page.as_at, **page.known, **more})
                for name, more in (("all", {"severity": None}), ("late", {"check": LATE}))
            },
            late_check=LATE,
            late=[row for row in body["lateness"] if row["late"]],
            feeds=feeds.body,
            feeds_address=feeds.address,
            pages=page.turning(query.offset, ROWS, body["count"]),
        ),
    )


def by_severity(summary: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str, int]]:
    """How many findings there are of each severity, the gravest first: its code, name and meaning, and how many."""
    return [
        (severity, NAMES[severity], meaning, sum(row["findings"] for row in summary if row["severity"] == severity))
        for severity, meaning in SEVERITIES.items()
    ]


def as_shown(finding: Mapping[str, Any]) -> dict[str, Any]:
    """A finding with its message, its effect on figures, and where its events came from, in words."""
    return {**finding, "says": in_words(finding["message"]), "does": does(finding), "sources": sources(finding)}


def in_words(message: str) -> str:
    """A message with its subjects and dates as people write them: post P-0131, 6 June 2022."""
    with_days = re.sub(DATE_IN_TEXT, lambda page: day(page[0]), message)
    return re.sub(SUBJECT_IN_TEXT, r"\1 \2", with_days)


def does(finding: Mapping[str, Any]) -> str:
    """What a finding does to the figures of the day, in words."""
    effect = finding["effect"]
    moves = {name: float(amount) for name, amount in effect.get("would_differ_by", {}).items()}
    effects = [f"{MEASURES[name].title} {difference(amount)}" for name, amount in moves.items() if amount]
    if effects:
        return f"Without it: {', '.join(effects)}"
    affected = float(effect["affected_fte"])
    return f"{figure(affected)} FTE in question" if affected else "Nothing on this date"


def sources(finding: Mapping[str, Any]) -> list[str]:
    """Where the events behind a finding came from. Those who run that system can mend it."""
    return sorted({event["source"] for event in finding["events"]})


async def dead_letters(request: Request) -> Response:
    """What this service could not take in: why, and what to do."""
    page = await opened(request, PageQuery(request))
    letters, refused = await open_letters(page)
    return render(
        "dead-letters.html",
        page.context(
            "Dead letters",
            letters=letters[:MOST_LETTERS],
            count=len(letters),
            refused=refused,
            remedies=REMEDIES,
        ),
    )


async def open_letters(page: Page) -> tuple[list[dict[str, Any]], str | None]:
    """The letters that nobody has dealt with, oldest first, or why they cannot be shown."""
    try:
        answer = await ask(page.request, page.caller, "/v1/dead-letters")
    except NotAnswered as problem:
        if problem.status == 403:
            return [], "To see them takes a key with the right to operate for all authorities."
        return [], "They cannot be read at the moment, as Kafka cannot be reached. Open this page again in a minute."
    return [letter for letter in answer.body["records"] if letter["state"] == "open"], None
