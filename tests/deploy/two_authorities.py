"""The histories of both authorities under test: 331's small one, and that of 888, in which everything changes on a day.

Invariant: 888 numbers its posts, workers, covers and events as 331 does, and has nothing else in common with it. What
its figures are on the day of each change, and on the day before, stands in STOCK, worked out by hand.

Posts from 1 April 2022 on: P-1 social worker, P-2 team manager, P-3 senior practitioner, P-4 advanced social worker, of
1 FTE each; P-5 service manager and P-6 head of service, of 0.25 FTE each.

- W-1 holds half of P-1. A full-time agency worker covers the other half from 30 June 2022 until 31 August 2022.
- W-2 holds P-2, and from 1 July 2022 on W-3 does too, above establishment; W-3 left on 31 October 2022, which was
  entered on 5 November at 9 o'clock. An agency worker stands in at 0.6 FTE for somebody absent there, from 1 August on.
- Nobody holds P-3. It is funded for 2 FTE from 31 July 2022 on, and closed on 31 December 2022.
- W-4 and W-5, both on P-4, are one person: their numbers were merged on 31 October 2022 at noon.
- Nobody holds P-5 and P-6.
- W-6 holds P-9 from 1 August 2022 on, of which nothing is known. An additional agency worker is a social worker on no
  post from 1 August 2022 on.
"""

from collections.abc import Mapping
from typing import Any

from tests.deploy import history
from tests.deploy.history import event

OTHER = "888"
MERGED = "2022-10-31T12:00:00Z"
LEAVER_ENTERED = "2022-11-05T09:00:00Z"


def of_other(number: int, noun_and_verb: str, subject: str, recorded: str, **data: Any) -> dict[str, Any]:
    """An event of the other authority."""
    return event(f"established-P-{number}", noun_and_verb, subject, recorded, data, OTHER)


def post(number: int, role: str, funded_fte: float) -> dict[str, Any]:
    """A post of the other authority."""
    facts = {"effective_from": "2022-04-01", "role": role, "funded_fte": funded_fte}
    team = {"team": "assessment", "service_area": "help-and-protection"}
    return of_other(number, "post.established", f"post/P-{number}", "2022-04-01T09:00:00Z", **facts, **team)


def start(number: int, worker: str, post: str, started_on: str, fte: float) -> dict[str, Any]:
    """A starter of the other authority."""
    facts = {"started_on": started_on, "post": post, "fte": fte, "origin": "not-known", "route": "direct"}
    return of_other(number, "worker.started", f"worker/{worker}", f"{started_on}T10:00:00Z", **facts)


def cover(number: int, cover: str, started_on: str, **facts: Any) -> dict[str, Any]:
    """An assignment of the other authority."""
    facts |= {"started_on": started_on, "agency_worker": cover.replace("C", "A")}
    return of_other(number, "cover.started", f"cover/{cover}", f"{started_on}T09:00:00Z", **facts)


OTHER_TO_RECRUITMENT = [
    post(1, "social-worker", 1),
    post(2, "team-manager", 1),
    post(3, "senior-practitioner", 1),
    post(4, "advanced-social-worker", 1),
    post(5, "service-manager", 0.25),
    post(6, "head-of-service", 0.25),
    start(7, "W-1", "P-1", "2022-04-01", 0.5),
    start(8, "W-2", "P-2", "2022-04-01", 1),
    start(9, "W-3", "P-2", "2022-07-01", 1),
    start(10, "W-4", "P-4", "2022-04-01", 1),
    start(11, "W-5", "P-4", "2022-04-01", 1),
    start(12, "W-6", "P-9", "2022-08-01", 1),
    cover(13, "C-1", "2022-06-30", fte=1, reason="vacancy", post="P-1"),
    of_other(14, "cover.ended", "cover/C-1", "2022-08-31T09:00:00Z", ended_on="2022-08-31"),
    cover(15, "C-2", "2022-08-01", fte=0.6, reason="absence", post="P-2"),
    cover(16, "C-3", "2022-08-01", fte=1, reason="additional", role="social-worker", team="project-team"),
    of_other(17, "post.changed", "post/P-3", "2022-07-31T09:00:00Z", effective_from="2022-07-31", funded_fte=2),
    of_other(18, "post.closed", "post/P-3", "2022-12-31T09:00:00Z", closed_on="2022-12-31"),
    of_other(19, "worker.merged", "worker/W-4", MERGED, duplicate="W-5"),
]
OTHER_TO_RETENTION = [
    of_other(
        20, "worker.left", "worker/W-3", LEAVER_ENTERED,
        left_on="2022-10-31", reason="resignation", destination="not-known",
    ),
]  # fmt: skip

TO_RECRUITMENT = history.TO_RECRUITMENT + OTHER_TO_RECRUITMENT
TO_RETENTION = history.TO_RETENTION + OTHER_TO_RETENTION

MEASURES = (
    "establishment", "in-post", "vacancies", "over-establishment", "agency", "agency-cover", "uncovered-vacancies",
)  # fmt: skip
"""The columns of what follows, in the order of reporting.stock."""
Row = tuple[float, float, float, float, float, float, float]

IN_APRIL: Mapping[str, Row] = {
    "social-worker": (1, 0.5, 0.5, 0, 0, 0, 0.5),
    "team-manager": (1, 1, 0, 0, 0, 0, 0),
    "senior-practitioner": (1, 0, 1, 0, 0, 0, 1),
    "advanced-social-worker": (1, 1, 0, 0, 0, 0, 0),
    "service-manager": (0.25, 0, 0.25, 0, 0, 0, 0.25),
    "head-of-service": (0.25, 0, 0.25, 0, 0, 0, 0.25),
}
# A full-time agency worker on half a vacancy: none of it is uncovered, and none less than none.
IN_JUNE = {**IN_APRIL, "social-worker": (1, 0.5, 0.5, 0, 1, 1, 0)}
ABOVE_ESTABLISHMENT = {"team-manager": (1, 2, 0, 1, 0, 0, 0)}
FUNDED_FOR_TWO = {"senior-practitioner": (2, 0, 2, 0, 0, 0, 2)}
# Absence and additional need are no cover of a vacancy; a post of which nothing is known has no role.
IN_AUGUST = {
    "social-worker": (1, 0.5, 0.5, 0, 2, 1, 0),
    "team-manager": (1, 2, 0, 1, 0.6, 0, 0),
    "not stated": (0, 1, 0, 1, 0, 0, 0),
}
COVER_ENDED = {"social-worker": (1, 0.5, 0.5, 0, 1, 0, 0.5)}
LEFT = {"team-manager": (1, 1, 0, 0, 0.6, 0, 0)}

STOCK: Mapping[str, Mapping[str, Row]] = {
    "2022-03-31": {},
    "2022-04-01": IN_APRIL,
    "2022-06-29": IN_APRIL,
    "2022-06-30": IN_JUNE,
    "2022-07-01": {**IN_JUNE, **ABOVE_ESTABLISHMENT},
    "2022-07-30": {**IN_JUNE, **ABOVE_ESTABLISHMENT},
    "2022-07-31": {**IN_JUNE, **ABOVE_ESTABLISHMENT, **FUNDED_FOR_TWO},
    "2022-08-30": {**IN_JUNE, **FUNDED_FOR_TWO, **IN_AUGUST},
    "2022-08-31": {**IN_JUNE, **FUNDED_FOR_TWO, **IN_AUGUST, **COVER_ENDED},
    "2022-10-30": {**IN_JUNE, **FUNDED_FOR_TWO, **IN_AUGUST, **COVER_ENDED},
    "2022-10-31": {**IN_JUNE, **FUNDED_FOR_TWO, **IN_AUGUST, **COVER_ENDED, **LEFT},
    "2022-12-30": {**IN_JUNE, **FUNDED_FOR_TWO, **IN_AUGUST, **COVER_ENDED, **LEFT},
    "2022-12-31": {
        **{role: row for role, row in IN_JUNE.items() if role != "senior-practitioner"},
        **IN_AUGUST, **COVER_ENDED, **LEFT,
    },
}  # fmt: skip
"""By date, what is known now: the FTE of each role. A closed post has no row."""

TWO_NUMBERS = {"advanced-social-worker": (1, 2, 0, 1, 0, 0, 0)}
BEFORE_THE_MERGE = {**STOCK["2022-10-30"], **TWO_NUMBERS}

# Month by month: covered by agency, uncovered.
MONTHS = [
    ("2022-05-31", 0.0, 2.0),
    ("2022-06-30", 0.5, 1.5),
    ("2022-07-31", 0.5, 2.5),
    ("2022-08-31", 0.0, 3.0),
    ("2022-09-30", 0.0, 3.0),
    ("2022-10-31", 0.0, 3.0),
    ("2022-11-30", 0.0, 3.0),
    ("2022-12-31", 0.0, 1.0),
    ("2023-01-31", 0.0, 1.0),
    ("2023-02-28", 0.0, 1.0),
    ("2023-03-31", 0.0, 1.0),
]
