"""Of every check a history that raises it, and the nearest to it that does not: mostly they differ by a day.

Invariant: the two histories of a row differ in what the check is about and in nothing else.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from contracts.codes import AbsenceReason, CoverReason, Demand, PanelDecision, PanelKind
from contracts.events.agency_cover import CoverChanged, CoverEnded
from contracts.events.hiring import CohortOpened
from contracts.events.leavers import LeaverReversed
from contracts.events.posts import PostChanged, PostClosed
from contracts.events.progression_panels import PanelDecided
from contracts.events.working_life import AbsenceRecorded, CaseloadCounted, DemandCounted, DemandEnded
from tests.histories import cover_started, established, fte_changed, left, merged, moved, started
from tests.unit.quality.findings import APRIL, DECEMBER, NOVEMBER, OCTOBER, SEPTEMBER
from tests.unit.quality.remedy import P3, A, C, Fact, Recorded, V, Void, W, expected, in_cohort, on_a_panel, sick

BEFORE_OCTOBER, AFTER_OCTOBER = date(2023, 9, 30), date(2023, 10, 2)
"""The days before and after 1 October."""
D, E = "demand/old", "demand/new"
MONDAY, SATURDAY, NEXT_MONDAY = date(2023, 10, 2), date(2023, 10, 7), date(2023, 10, 9)
IN_POST = Fact(W, started(SEPTEMBER))
IN_POST_UNTIL_OCTOBER = (IN_POST, Fact(W, left(OCTOBER)))
ONE_OF_TWO = (IN_POST, Fact(V, started(OCTOBER, "P-2")), Fact(W, merged("W-2")))


class Boundary(NamedTuple):
    """One side of a boundary and the other."""

    check: str
    how: str
    raises: Sequence[Recorded]
    does_not: Sequence[Recorded]
    as_at: date = DECEMBER


def counted(day: date, area: str | None = None, demand: Demand = Demand.CHILDREN_IN_NEED) -> DemandCounted:
    return DemandCounted(counted_on=day, demand=demand, children=700, service_area=area)


def cases(day: date, number: int = 12) -> CaseloadCounted:
    return CaseloadCounted(counted_on=day, cases=number)


def lost(days: str, returned_on: date = NEXT_MONDAY, absent_from: date = MONDAY) -> AbsenceRecorded:
    return AbsenceRecorded(
        absent_from=absent_from,
        returned_on=returned_on,
        working_days_lost=Decimal(days),
        reason=AbsenceReason.SICKNESS,
    )


def cohort(completes_on: date) -> CohortOpened:
    return CohortOpened(entry_on=OCTOBER, completes_on=completes_on)


def decided(kind: PanelKind, decision: PanelDecision) -> PanelDecided:
    return PanelDecided(panel="PN-1", decided_on=OCTOBER, kind=kind, decision=decision)


BOUNDARIES = [
    # --- coming and going
    Boundary(
        "leaver-without-start",
        "a start on the day of the leaver is of somebody who did not come",
        [Fact(W, left(OCTOBER))],
        [Fact(W, started(OCTOBER)), Fact(W, left(OCTOBER))],
    ),
    Boundary(
        "leaver-without-start",
        "of another worker, and of the same under another number",
        [Fact(V, started(SEPTEMBER)), Fact(W, left(OCTOBER))],
        [Fact(V, started(SEPTEMBER)), Fact(W, left(OCTOBER)), Fact(V, merged("W-1"))],
    ),
    Boundary(
        "left-before-start",
        "the day before the start, and the day itself",
        [Fact(W, left(BEFORE_OCTOBER)), Fact(W, started(OCTOBER))],
        [Fact(W, left(OCTOBER)), Fact(W, started(OCTOBER))],
    ),
    Boundary(
        "leaver-not-in-post",
        "a day after having left, and the same day again",
        [*IN_POST_UNTIL_OCTOBER, Fact(W, left(AFTER_OCTOBER))],
        [*IN_POST_UNTIL_OCTOBER, Fact(W, left(OCTOBER))],
    ),
    Boundary(
        "leaver-not-in-post",
        "came back on the day of leaving, and the day before",
        [IN_POST, Fact(W, fte_changed(BEFORE_OCTOBER, "0")), Fact(W, left(OCTOBER)), Fact(W, started(OCTOBER, "P-2"))],
        [IN_POST, Fact(W, fte_changed(OCTOBER, "0")), Fact(W, left(OCTOBER)), Fact(W, started(OCTOBER, "P-2"))],
    ),
    Boundary(
        "reversal-without-leaver",
        "of the day after, and of the day of the leaver",
        [*IN_POST_UNTIL_OCTOBER, Fact(W, LeaverReversed(left_on=AFTER_OCTOBER))],
        [*IN_POST_UNTIL_OCTOBER, Fact(W, LeaverReversed(left_on=OCTOBER))],
    ),
    Boundary(
        "reversal-without-leaver",
        "recorded before the leaver, and at the same instant",
        [IN_POST, Fact(W, LeaverReversed(left_on=OCTOBER)), Fact(W, left(OCTOBER))],
        [IN_POST, Fact(W, LeaverReversed(left_on=OCTOBER), id="Z"), Fact(W, left(OCTOBER), id="A", at_once=True)],
    ),
    Boundary(
        "start-in-post-held",
        "a day before leaving, and on the day",
        [IN_POST, Fact(W, left(OCTOBER)), Fact(W, started(BEFORE_OCTOBER))],
        [IN_POST, Fact(W, left(OCTOBER)), Fact(W, started(OCTOBER))],
    ),
    Boundary(
        "start-in-post-held",
        "the day after the first start, and the same day",
        [IN_POST, Fact(W, started(date(2023, 9, 2)))],
        [IN_POST, Fact(W, started(SEPTEMBER))],
    ),
    Boundary(
        "move-from-post-not-held",
        "the day before the start, and the day of it",
        [IN_POST, Fact(W, moved(date(2023, 8, 31), "P-1", "P-2"))],
        [IN_POST, Fact(W, moved(SEPTEMBER, "P-1", "P-2"))],
    ),
    Boundary(
        "move-after-leaving",
        "on the day of leaving, and the day before",
        [*IN_POST_UNTIL_OCTOBER, Fact(W, moved(OCTOBER, "P-1", "P-2"))],
        [*IN_POST_UNTIL_OCTOBER, Fact(W, moved(BEFORE_OCTOBER, "P-1", "P-2"))],
    ),
    Boundary(
        "fte-change-in-post-not-held",
        "on the day of leaving, and the day before",
        [*IN_POST_UNTIL_OCTOBER, Fact(W, fte_changed(OCTOBER, "0.5"))],
        [*IN_POST_UNTIL_OCTOBER, Fact(W, fte_changed(BEFORE_OCTOBER, "0.5"))],
    ),
    Boundary(
        "fte-change-in-post-not-held",
        "given up the day after leaving, and on the day",
        [*IN_POST_UNTIL_OCTOBER, Fact(W, fte_changed(AFTER_OCTOBER, "0"))],
        [*IN_POST_UNTIL_OCTOBER, Fact(W, fte_changed(OCTOBER, "0"))],
    ),
    Boundary(
        "overlapping-occupancies",
        "a millionth above full time, and full time",
        [Fact(W, started(SEPTEMBER, "P-1", "0.6")), Fact(W, started(OCTOBER, "P-2", "0.400001"))],
        [Fact(W, started(SEPTEMBER, "P-1", "0.6")), Fact(W, started(OCTOBER, "P-2", "0.4"))],
    ),
    Boundary(
        "overlapping-occupancies",
        "the day before the first is left, and the day itself",
        [IN_POST, Fact(W, started(BEFORE_OCTOBER, "P-2")), Fact(W, fte_changed(OCTOBER, "0"))],
        [IN_POST, Fact(W, started(OCTOBER, "P-2")), Fact(W, fte_changed(OCTOBER, "0"))],
    ),
    Boundary(
        "fte-above-one",
        "a millionth above full time, and full time",
        [
            Fact(W, started(SEPTEMBER, "P-1", "0.5")),
            Fact(W, started(SEPTEMBER, "P-2", "0.5")),
            Fact(W, fte_changed(OCTOBER, "0.500001")),
        ],
        [
            Fact(W, started(SEPTEMBER, "P-1", "0.4")),
            Fact(W, started(SEPTEMBER, "P-2", "0.5")),
            Fact(W, fte_changed(OCTOBER, "0.5")),
        ],
    ),
    Boundary(
        "starter-not-in-post",
        "left on the day of the start, and the day after",
        [Fact(W, started(OCTOBER)), Fact(W, left(OCTOBER))],
        [Fact(W, started(OCTOBER)), Fact(W, left(AFTER_OCTOBER))],
    ),
    Boundary(
        "starter-not-in-post",
        "had left the day before, and leaves on the day",
        [IN_POST, Fact(W, left(BEFORE_OCTOBER)), Fact(W, started(OCTOBER)), Fact(W, left(OCTOBER))],
        [IN_POST, Fact(W, started(OCTOBER)), Fact(W, left(OCTOBER))],
    ),
    Boundary(
        "starter-not-in-post",
        "gave the post up on the day of the start, and the day after",
        [Fact(W, started(OCTOBER)), Fact(W, fte_changed(OCTOBER, "0"))],
        [Fact(W, started(OCTOBER)), Fact(W, fte_changed(AFTER_OCTOBER, "0"))],
    ),
    Boundary(
        "leaver-of-merged-numbers",
        "goes on under the other number, and leaves under it too",
        [*ONE_OF_TWO, Fact(V, left(NOVEMBER))],
        [*ONE_OF_TWO, Fact(V, left(NOVEMBER)), Fact(W, left(NOVEMBER))],
    ),
    Boundary(
        "leaver-of-merged-numbers",
        "two numbers that are one person, and two persons",
        [*ONE_OF_TWO, Fact(V, left(NOVEMBER))],
        [*ONE_OF_TWO[:2], Fact(V, left(NOVEMBER))],
    ),
    # --- posts and cover
    Boundary(
        "unknown-post",
        "of a post that was changed only, and of one that was established",
        [Fact(P3, PostChanged(effective_from=APRIL, team="duty")), Fact(W, started(SEPTEMBER, "P-3"))],
        [Fact(P3, established(APRIL)), Fact(W, started(SEPTEMBER, "P-3"))],
    ),
    Boundary(
        "post-used-before-established",
        "the day before, and the day itself",
        [Fact(P3, established(OCTOBER)), Fact(W, started(BEFORE_OCTOBER, "P-3"))],
        [Fact(P3, established(OCTOBER)), Fact(W, started(OCTOBER, "P-3"))],
    ),
    Boundary(
        "post-used-after-closing",
        "left the day after the post closed, and on the day",
        [Fact("post/P-1", PostClosed(closed_on=OCTOBER)), IN_POST, Fact(W, left(AFTER_OCTOBER))],
        [Fact("post/P-1", PostClosed(closed_on=OCTOBER)), IN_POST, Fact(W, left(OCTOBER))],
    ),
    Boundary(
        "post-used-after-closing",
        "a cover that ends the day after, and on the day",
        [
            Fact("post/P-1", PostClosed(closed_on=OCTOBER)),
            Fact(C, cover_started(SEPTEMBER)),
            Fact(C, CoverEnded(ended_on=AFTER_OCTOBER)),
        ],
        [
            Fact("post/P-1", PostClosed(closed_on=OCTOBER)),
            Fact(C, cover_started(SEPTEMBER)),
            Fact(C, CoverEnded(ended_on=OCTOBER)),
        ],
    ),
    Boundary(
        "post-changed-before-established",
        "the day before, and the day itself",
        [Fact(P3, PostChanged(effective_from=BEFORE_OCTOBER, team="duty")), Fact(P3, established(OCTOBER))],
        [Fact(P3, PostChanged(effective_from=OCTOBER, team="duty")), Fact(P3, established(OCTOBER))],
    ),
    Boundary(
        "cover-of-filled-post",
        "nothing vacant, and a millionth",
        [IN_POST, Fact(C, cover_started(OCTOBER))],
        [Fact(W, started(SEPTEMBER, "P-1", "0.999999")), Fact(C, cover_started(OCTOBER))],
    ),
    Boundary(
        "cover-of-filled-post",
        "for a vacancy, and for another reason",
        [IN_POST, Fact(C, cover_started(OCTOBER))],
        [IN_POST, Fact(C, cover_started(OCTOBER, reason=CoverReason.ABSENCE))],
    ),
    Boundary(
        "cover-of-filled-post",
        "ends the day after somebody started, and on the day",
        [Fact(C, cover_started(SEPTEMBER)), Fact(W, started(OCTOBER)), Fact(C, CoverEnded(ended_on=AFTER_OCTOBER))],
        [Fact(C, cover_started(SEPTEMBER)), Fact(W, started(OCTOBER)), Fact(C, CoverEnded(ended_on=OCTOBER))],
    ),
    Boundary(
        "cover-changed-while-not-held",
        "ended the day before it started, and changed on the day",
        [Fact(C, cover_started(OCTOBER)), Fact(C, CoverEnded(ended_on=BEFORE_OCTOBER))],
        [Fact(C, cover_started(OCTOBER)), Fact(C, CoverChanged(effective_from=OCTOBER, fte=Decimal("0.5")))],
    ),
    Boundary(
        "cover-changed-while-not-held",
        "changed the day after it ended, and the day before",
        [
            Fact(C, cover_started(SEPTEMBER)),
            Fact(C, CoverEnded(ended_on=OCTOBER)),
            Fact(C, CoverChanged(effective_from=AFTER_OCTOBER, fte=Decimal("0.5"))),
        ],
        [
            Fact(C, cover_started(SEPTEMBER)),
            Fact(C, CoverEnded(ended_on=OCTOBER)),
            Fact(C, CoverChanged(effective_from=BEFORE_OCTOBER, fte=Decimal("0.5"))),
        ],
    ),
    Boundary(
        "occupants-above-funded-fte",
        "a millionth more than is funded, and as much",
        [Fact(W, started(SEPTEMBER, "P-1", "0.5")), Fact(V, started(SEPTEMBER, "P-1", "0.500001"))],
        [Fact(W, started(SEPTEMBER, "P-1", "0.5")), Fact(V, started(SEPTEMBER, "P-1", "0.5"))],
    ),
    Boundary(
        "occupants-above-funded-fte",
        "starts the day before the other leaves, and on the day",
        [*IN_POST_UNTIL_OCTOBER, Fact(V, started(BEFORE_OCTOBER))],
        [*IN_POST_UNTIL_OCTOBER, Fact(V, started(OCTOBER))],
    ),
    Boundary(
        "cover-past-expected-end",
        "ends two days after the last expected, and the day after: that day it runs no more",
        [Fact(C, expected(SEPTEMBER, BEFORE_OCTOBER)), Fact(C, CoverEnded(ended_on=AFTER_OCTOBER))],
        [Fact(C, expected(SEPTEMBER, BEFORE_OCTOBER)), Fact(C, CoverEnded(ended_on=OCTOBER))],
    ),
    Boundary(
        "cover-past-expected-end",
        "a change that says nothing of the end, and one that does",
        [
            Fact(C, expected(SEPTEMBER, BEFORE_OCTOBER)),
            Fact(C, CoverChanged(effective_from=date(2023, 9, 15), fte=Decimal("0.5"))),
        ],
        [
            Fact(C, expected(SEPTEMBER, BEFORE_OCTOBER)),
            Fact(C, CoverChanged(effective_from=date(2023, 9, 15), expected_until=DECEMBER)),
        ],
    ),
    # --- working life
    Boundary(
        "panel-outside-service",
        "on the day of leaving, and the day before",
        [*IN_POST_UNTIL_OCTOBER, Fact(W, on_a_panel(OCTOBER))],
        [*IN_POST_UNTIL_OCTOBER, Fact(W, on_a_panel(BEFORE_OCTOBER))],
    ),
    Boundary(
        "asye-decided-before-start",
        "the day before the start, and the day itself",
        [Fact(W, in_cohort(OCTOBER)), Fact(W, on_a_panel(BEFORE_OCTOBER, PanelKind.ASYE))],
        [Fact(W, in_cohort(OCTOBER)), Fact(W, on_a_panel(OCTOBER, PanelKind.ASYE))],
    ),
    Boundary(
        "asye-decided-before-start",
        "before every start in a cohort, and after the first",
        [Fact(W, in_cohort(OCTOBER)), Fact(W, on_a_panel(SEPTEMBER, PanelKind.ASYE))],
        [
            Fact(W, in_cohort(date(2023, 8, 1))),
            Fact(W, in_cohort(OCTOBER)),
            Fact(W, on_a_panel(SEPTEMBER, PanelKind.ASYE)),
        ],
    ),
    Boundary(
        "absence-outside-service",
        "from the day of leaving, and from the day before",
        [*IN_POST_UNTIL_OCTOBER, Fact(W, sick(OCTOBER))],
        [*IN_POST_UNTIL_OCTOBER, Fact(W, sick(BEFORE_OCTOBER))],
    ),
    Boundary(
        "absence-beyond-leaving",
        "until the day after leaving, and until the day",
        [IN_POST, Fact(W, left(NEXT_MONDAY)), Fact(W, lost("5", date(2023, 10, 10)))],
        [IN_POST, Fact(W, left(NEXT_MONDAY)), Fact(W, lost("5"))],
    ),
    Boundary(
        "absence-of-too-many-days",
        "half a day more than the weekdays, and as many",
        [IN_POST, Fact(W, lost("5.5"))],
        [IN_POST, Fact(W, lost("5"))],
    ),
    Boundary(
        "absences-overlap",
        "from the Friday before the other's return, and from the Saturday",
        [IN_POST, Fact(W, lost("5")), Fact(W, lost("1", date(2023, 10, 14), date(2023, 10, 6)))],
        [IN_POST, Fact(W, lost("5")), Fact(W, lost("1", date(2023, 10, 14), SATURDAY))],
    ),
    Boundary(
        "caseload-under-two-numbers",
        "a week apart, and eight days",
        [*ONE_OF_TWO, Fact(W, cases(OCTOBER)), Fact(V, cases(date(2023, 10, 8)))],
        [*ONE_OF_TWO, Fact(W, cases(OCTOBER)), Fact(V, cases(date(2023, 10, 9)))],
    ),
    Boundary(
        "caseload-without-fte",
        "on the day of leaving, and the day before",
        [*IN_POST_UNTIL_OCTOBER, Fact(W, cases(OCTOBER))],
        [*IN_POST_UNTIL_OCTOBER, Fact(W, cases(BEFORE_OCTOBER))],
    ),
    Boundary(
        "caseload-without-fte",
        "at no FTE, and at a millionth",
        [Fact(W, started(SEPTEMBER, "P-1", "0")), Fact(W, cases(OCTOBER))],
        [Fact(W, started(SEPTEMBER, "P-1", "0.000001")), Fact(W, cases(OCTOBER))],
    ),
    Boundary(
        "caseload-without-fte",
        "of an agency worker on the day after the last, and on the last",
        [Fact(C, cover_started(SEPTEMBER)), Fact(C, CoverEnded(ended_on=OCTOBER)), Fact(A, cases(OCTOBER))],
        [Fact(C, cover_started(SEPTEMBER)), Fact(C, CoverEnded(ended_on=OCTOBER)), Fact(A, cases(BEFORE_OCTOBER))],
    ),
    Boundary(
        "caseload-without-fte",
        "between two assignments, and where the second begins as the first ends",
        [
            Fact(C, cover_started(SEPTEMBER)),
            Fact(C, CoverEnded(ended_on=OCTOBER)),
            Fact("cover/C-2", cover_started(AFTER_OCTOBER)),
            Fact(A, cases(OCTOBER)),
        ],
        [
            Fact(C, cover_started(SEPTEMBER)),
            Fact(C, CoverEnded(ended_on=OCTOBER)),
            Fact("cover/C-2", cover_started(OCTOBER)),
            Fact(A, cases(OCTOBER)),
        ],
    ),
    Boundary(
        "cohort-completes-before-entry",
        "on the day of entry, and the day after",
        [Fact("cohort/AC-1", cohort(OCTOBER))],
        [Fact("cohort/AC-1", cohort(AFTER_OCTOBER))],
    ),
    # --- counts of children
    Boundary(
        "demand-series-replaced",
        "the other began the day after the last count, and on the day",
        [Fact(D, counted(OCTOBER)), Fact(E, counted(AFTER_OCTOBER))],
        [Fact(D, counted(OCTOBER)), Fact(E, counted(OCTOBER))],
    ),
    Boundary(
        "demand-series-replaced",
        "the other began a year after, when the count still holds, and a day later",
        [Fact(D, counted(date(2022, 10, 1))), Fact(E, counted(OCTOBER))],
        [Fact(D, counted(date(2022, 10, 1))), Fact(E, counted(AFTER_OCTOBER))],
    ),
    Boundary(
        "demand-series-replaced",
        "of the same children, and of others",
        [Fact(D, counted(SEPTEMBER, "north")), Fact(E, counted(OCTOBER, "north"))],
        [Fact(D, counted(SEPTEMBER, "north")), Fact(E, counted(OCTOBER, "south"))],
    ),
    Boundary(
        "demand-series-replaced",
        "of one kind, and of two",
        [Fact(D, counted(SEPTEMBER)), Fact(E, counted(OCTOBER))],
        [Fact(D, counted(SEPTEMBER)), Fact(E, counted(OCTOBER, demand=Demand.CHILDREN_LOOKED_AFTER))],
    ),
    Boundary(
        "demand-series-replaced",
        "ended before its last count, and on the day of it",
        [Fact(D, counted(SEPTEMBER)), Fact(E, counted(OCTOBER)), Fact(D, DemandEnded(ended_on=date(2023, 8, 31)))],
        [Fact(D, counted(SEPTEMBER)), Fact(E, counted(OCTOBER)), Fact(D, DemandEnded(ended_on=SEPTEMBER))],
    ),
    Boundary(
        "demand-series-grown-old",
        "a year and a day after, and a year",
        [Fact(D, counted(date(2022, 9, 30)))],
        [Fact(D, counted(OCTOBER.replace(year=2022)))],
        OCTOBER,
    ),
    Boundary(
        "demand-series-grown-old",
        "of 29 February on 1 March a year later, and of 1 March",
        [Fact(D, counted(date(2020, 2, 29)))],
        [Fact(D, counted(date(2020, 3, 1)))],
        date(2021, 3, 1),
    ),
    # --- the records themselves
    Boundary(
        "feed-silent",
        "three months and a day after the newest record, and three months",
        [Fact(P3, established(APRIL), recorded=date(2023, 12, 2))],
        [Fact(P3, established(APRIL), recorded=date(2023, 12, 3))],
        date(2024, 3, 3),
    ),
    Boundary(
        "order-not-stated",
        "at one instant, and an hour apart",
        [Fact(W, started(SEPTEMBER)), Fact(W, started(SEPTEMBER, "P-1", "0.5"), at_once=True)],
        [Fact(W, started(SEPTEMBER)), Fact(W, started(SEPTEMBER, "P-1", "0.5"))],
    ),
    Boundary(
        "order-not-stated",
        "saying two things, and the same",
        [Fact(W, started(SEPTEMBER)), Fact(W, started(SEPTEMBER, "P-1", "0.5"), at_once=True)],
        [Fact(W, started(SEPTEMBER)), Fact(W, started(SEPTEMBER), at_once=True)],
    ),
    Boundary(
        "very-many-records",
        "a thousand and one of a worker, and a thousand",
        [Fact(W, sick(date(2020, 1, 1)), at_once=True)] * 1001,
        [Fact(W, sick(date(2020, 1, 1)), at_once=True)] * 1000,
    ),
    Boundary(
        "reference-to-no-event",
        "of another worker's event, and of the worker's own",
        [IN_POST, Fact(V, started(OCTOBER, "P-2"), "E-3")],
        [IN_POST, Fact(W, started(OCTOBER, "P-2"), "E-3")],
    ),
    Boundary(
        "corrected-twice",
        "each the first event, and one the other",
        [IN_POST, Fact(W, started(OCTOBER), "E-3"), Fact(W, started(NOVEMBER), "E-3")],
        [IN_POST, Fact(W, started(OCTOBER), "E-3"), Fact(W, started(NOVEMBER), "E-4")],
    ),
    Boundary(
        "corrected-twice",
        "and one of them withdrawn",
        [IN_POST, Fact(W, started(OCTOBER), "E-3"), Fact(W, started(NOVEMBER), "E-3")],
        [IN_POST, Fact(W, started(OCTOBER), "E-3"), Fact(W, started(NOVEMBER), "E-3"), Void("E-4")],
    ),
    Boundary(
        "recorded-twice",
        "on one day, and on two",
        [*IN_POST_UNTIL_OCTOBER, Fact(W, left(OCTOBER))],
        [*IN_POST_UNTIL_OCTOBER, Fact(W, left(AFTER_OCTOBER))],
    ),
    Boundary(
        "recorded-twice",
        "by one panel of one kind, and of two",
        [IN_POST, Fact(W, on_a_panel(OCTOBER)), Fact(W, on_a_panel(OCTOBER))],
        [IN_POST, Fact(W, on_a_panel(OCTOBER)), Fact(W, on_a_panel(OCTOBER, PanelKind.ASYE))],
    ),
    Boundary(
        "recorded-twice",
        "of one area, and of two",
        [Fact(D, counted(OCTOBER, "north")), Fact(D, counted(OCTOBER, "north"))],
        [Fact(D, counted(OCTOBER, "north")), Fact(D, counted(OCTOBER, "south"))],
    ),
    Boundary(
        "merge-without-events",
        "nothing of the duplicate, and a leaver of it",
        [IN_POST, Fact(W, merged("W-2"))],
        [IN_POST, Fact(V, left(OCTOBER)), Fact(W, merged("W-2"))],
    ),
    Boundary(
        "late-entry",
        "32 days after, and 31",
        [Fact(W, started(OCTOBER), recorded=date(2023, 11, 2))],
        [Fact(W, started(OCTOBER), recorded=date(2023, 11, 1))],
    ),
    Boundary(
        "late-entry",
        "an absence 32 days after the return, and 31",
        [Fact(W, lost("5"), recorded=date(2023, 11, 10))],
        [Fact(W, lost("5"), recorded=date(2023, 11, 9))],
    ),
    Boundary(
        "early-entry",
        "184 days before, and 183",
        [Fact(W, started(OCTOBER), recorded=date(2023, 3, 31))],
        [Fact(W, started(OCTOBER), recorded=date(2023, 4, 1))],
    ),
]
