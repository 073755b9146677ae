"""Posts and who stands on them: establishment, in post, vacancies, agency, and rates of these.

Invariant: every amount here is one of the staffing of a staffing unit (`services/metrics/timelines/staffing.py`).
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from contracts.codes import CoverReason
from services.metrics.measures.declaration import (
    BOARD,
    CSWW,
    NHS,
    RECRUITMENT_ALONE,
    Count,
    OverTime,
    Part,
    Rate,
    Term,
    Unit,
    stock,
)
from services.metrics.snapshot.amounts import ONE
from services.metrics.snapshot.employment import Scope
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.timelines.rows import Staffing


def _staffing(column: str) -> OverTime:
    def parts(snapshot: Snapshot, scope: Scope) -> Iterable[Part]:
        def of_unit(staffing_unit: str, rows: Sequence[Staffing]) -> list[Part]:
            return [
                Part(getattr(row, column), row.valid_from, row.valid_to, (staffing_unit,), row.dimensions)
                for row in rows
                if scope.holds(row.dimensions)
            ]

        return snapshot.of_each_unit(("parts", column, scope), of_unit)

    return parts


def _in_fte(name: str, title: str, definition: str, source: str, column: str, **facts: Any) -> Count:
    return stock(name, title, definition, source, Unit.FTE, _staffing(column), column=column, **facts)


def _people_in_service(snapshot: Snapshot, scope: Scope) -> Iterable[Part]:
    for person, stretches in snapshot.employment(scope).items():
        for service in stretches:
            subjects = (f"worker/{person}", f"post/{service.post}")
            yield Part(ONE, service.since, service.until, subjects, service.dimensions)


def _assignments(*reasons: CoverReason) -> OverTime:
    def parts(snapshot: Snapshot, scope: Scope) -> Iterable[Part]:
        for cover, runs in snapshot.assignments.items():
            for run in runs:
                if run.reason in reasons and scope.holds(run.dimensions):
                    subjects = (f"cover/{cover}",) if run.post is None else (f"cover/{cover}", f"post/{run.post}")
                    more = {"cover_reason": run.reason, "agency": run.terms.agency}
                    yield Part(ONE, run.since, run.until, subjects, run.dimensions, more)

    return parts


MEASURES = (
    _in_fte(
        "establishment",
        "Establishment",
        "The FTE of all posts funded at the date.",
        BOARD,
        "establishment",
        rests_on=RECRUITMENT_ALONE,
    ),
    _in_fte(
        "in-post",
        "In post",
        "The FTE at which employed workers occupy posts at the date. Agency workers are never in post.",
        CSWW,
        "in_post",
    ),
    _in_fte(
        "vacancies",
        "Vacancies",
        "For each post the funded FTE minus the FTE in post, never below 0; summed. A post that agency workers cover "
        "stays vacant.",
        CSWW,
        "vacancies",
    ),
    _in_fte(
        "over-establishment",
        "Over-establishment",
        "For each post the FTE in post above its funded FTE; summed.",
        BOARD,
        "over_establishment",
    ),
    _in_fte(
        "agency",
        "Agency workers",
        "The FTE of all agency workers at the date, whatever the reason.",
        CSWW,
        "agency",
        rests_on=RECRUITMENT_ALONE,
    ),
    _in_fte(
        "agency-cover",
        "Agency workers covering vacancies",
        "The FTE of agency workers whose assignment covers a vacancy (reason vacancy). It can be above the vacancies: "
        "a full-time agency worker on a post of which half is vacant counts 1.",
        CSWW,
        "agency_cover",
        rests_on=RECRUITMENT_ALONE,
    ),
    _in_fte(
        "uncovered-vacancies",
        "Uncovered vacancies",
        "For each post the vacancy minus the FTE of agency workers covering it, never below 0; summed.",
        BOARD,
        "uncovered",
    ),
    stock(
        "in-post-headcount",
        "People in post",
        "Persons who hold at least one post at the date, each once, under the most senior post; those without fixed "
        "hours, whose FTE is 0, too.",
        CSWW,
        Unit.PEOPLE,
        _people_in_service,
    ),
    stock(
        "agency-headcount",
        "Agency assignments",
        "Agency assignments that run at the date, each once: agency workers are not de-duplicated.",
        CSWW,
        Unit.ASSIGNMENTS,
        _assignments(*CoverReason),
        more=("cover_reason", "agency"),
        rests_on=RECRUITMENT_ALONE,
    ),
    stock(
        "agency-cover-headcount",
        "Agency assignments covering vacancies",
        "Agency assignments with reason vacancy that run at the date, each once.",
        CSWW,
        Unit.ASSIGNMENTS,
        _assignments(CoverReason.VACANCY),
        more=("agency",),
        rests_on=RECRUITMENT_ALONE,
    ),
    Rate(
        "vacancy-rate",
        "Vacancy rate (CSWW)",
        "Vacancies as a share of vacancies and in post, FTE, at the date; posts covered by agency are vacant.",
        CSWW,
        Unit.PERCENT,
        (Term("vacancies"),),
        (Term("vacancies"), Term("in-post")),
        "100 x vacancies / (vacancies + in post)",
        scope=Scope.CENSUS,
    ),
    Rate(
        "agency-worker-rate",
        "Agency worker rate (CSWW, FTE)",
        "Agency workers as a share of agency workers and in post, FTE, at the date.",
        CSWW,
        Unit.PERCENT,
        (Term("agency"),),
        (Term("agency"), Term("in-post")),
        "100 x agency / (agency + in post)",
        scope=Scope.CENSUS,
    ),
    Rate(
        "agency-worker-rate-headcount",
        "Agency worker rate (CSWW, headcount)",
        "Agency assignments as a share of agency assignments and people in post, at the date.",
        CSWW,
        Unit.PERCENT,
        (Term("agency-headcount"),),
        (Term("agency-headcount"), Term("in-post-headcount")),
        "100 x agency assignments / (agency assignments + people in post)",
        scope=Scope.CENSUS,
    ),
    Rate(
        "agency-cover-rate",
        "Agency cover rate (CSWW)",
        "The share of agency workers who cover vacancies, FTE, at the date.",
        CSWW,
        Unit.PERCENT,
        (Term("agency-cover"),),
        (Term("agency"),),
        "100 x agency covering vacancies / agency",
        scope=Scope.CENSUS,
    ),
    Rate(
        "vacancy-agency-cover-rate",
        "Vacancy agency cover rate (CSWW)",
        "Agency workers covering vacancies as a share of the vacancies, FTE, at the date; marked u (low reliability) "
        "when above 100%.",
        CSWW,
        Unit.PERCENT,
        (Term("agency-cover"),),
        (Term("vacancies"),),
        "100 x agency covering vacancies / vacancies",
        scope=Scope.CENSUS,
        low_reliability_above=Fraction(100),
    ),
    Rate(
        "nhs-vacancy-rate",
        "Vacancy rate (NHS)",
        "Funded FTE less FTE in post as a share of funded FTE, at the date; negative when over-established.",
        NHS,
        Unit.PERCENT,
        (Term("establishment"), Term("in-post", -1)),
        (Term("establishment"),),
        "100 x (establishment - in post) / establishment",
    ),
)
