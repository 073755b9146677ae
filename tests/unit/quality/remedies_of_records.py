"""Remedies of the checks of what persons do while they work, and of the records themselves.

Invariant: the figures were worked out on paper; each way of mending that a check names has a row.
"""

from datetime import date, timedelta
from decimal import Decimal

from contracts.codes import PanelKind
from contracts.events.agency_cover import CoverChanged, CoverEnded
from contracts.events.hiring import CohortOpened
from contracts.events.leavers import LeaverReversed
from contracts.events.posts import PostChanged
from contracts.events.working_life import CaseloadCounted
from tests.histories import cover_started, fte_changed, left, merged, moved, started
from tests.unit.quality.findings import (
    NOVEMBER,
    OCTOBER,
    SEPTEMBER,
)
from tests.unit.quality.remedy import (
    AUGUST,
    CLOSED_DUPLICATE,
    LAST_DAY,
    LEFT,
    A,
    C,
    Fact,
    Remedy,
    V,
    Void,
    W,
    expected,
    in_cohort,
    of_one_mistake,
    on_a_panel,
    remedies,
    sick,
)

COUNTED = Fact(W, CaseloadCounted(counted_on=LAST_DAY, cases=9))
TWO_IN_ONE_POST = [Fact(W, started(SEPTEMBER)), Fact(V, started(OCTOBER))]
OF_ALL_DAYS = [Fact(W, fte_changed(date(2020, 1, 1) + timedelta(days=day), "0.5")) for day in range(1000)]

REMEDIES = [
    *remedies(
        "panel-outside-service",
        (
            "supersede the date",
            [Fact(W, started(OCTOBER)), Fact(W, on_a_panel(SEPTEMBER))],
            [Fact(W, on_a_panel(NOVEMBER), "E-4")],
            "progressed-fte",
            1,
        ),
        (
            "void it, and record it of the right worker",
            [Fact(V, started(SEPTEMBER)), Fact(W, on_a_panel(OCTOBER))],
            [Void("E-4"), Fact(V, on_a_panel(OCTOBER))],
            "progressed-fte",
            1,
        ),
        ("record the start", [Fact(W, on_a_panel(OCTOBER))], [Fact(W, started(SEPTEMBER))], "progressed-fte", 1),
        (
            "reverse the leaver",
            [*LEFT, Fact(W, on_a_panel(NOVEMBER))],
            [Fact(W, LeaverReversed(left_on=OCTOBER))],
            "progressed-fte",
            1,
        ),
    ),
    *of_one_mistake(
        "asye-decided-before-start",
        [Fact(W, in_cohort(OCTOBER)), Fact(W, on_a_panel(SEPTEMBER, PanelKind.ASYE))],
        ("supersede the decision", [Fact(W, on_a_panel(NOVEMBER, PanelKind.ASYE), "E-4")], "panel-candidates", 1),
        ("supersede the start", [Fact(W, in_cohort(AUGUST), "E-3")], "panel-candidates", 1),
    ),
    *remedies(
        "absence-outside-service",
        (
            "supersede the date",
            [Fact(W, started(OCTOBER)), Fact(W, sick(SEPTEMBER))],
            [Fact(W, sick(NOVEMBER), "E-4")],
            "working-days-lost",
            5,
        ),
        ("record the start", [Fact(W, sick(OCTOBER))], [Fact(W, started(SEPTEMBER))], "working-days-lost", 5),
        (
            "reverse the leaver",
            [*LEFT, Fact(W, sick(NOVEMBER))],
            [Fact(W, LeaverReversed(left_on=OCTOBER))],
            "working-days-lost",
            5,
        ),
    ),
    *remedies(
        "caseload-without-fte",
        ("record the start", [COUNTED], [Fact(W, started(SEPTEMBER))], "cases", 9),
        (
            "record the hours of one who has none that are fixed",
            [Fact(W, started(SEPTEMBER, "P-1", "0")), COUNTED],
            [Fact(W, fte_changed(OCTOBER, "0.4"))],
            "cases",
            9,
        ),
        (
            "record the cover",
            [Fact(A, CaseloadCounted(counted_on=LAST_DAY, cases=9))],
            [Fact(C, cover_started(SEPTEMBER))],
            "cases",
            9,
        ),
        ("merge the numbers", [Fact(V, started(SEPTEMBER)), COUNTED], [Fact(V, merged("W-1"))], "cases", 9),
        ("void the count", [COUNTED], [Void("E-3")], "cases", 0),
    ),
    Remedy(
        "cohort-completes-before-entry",
        "supersede the dates",
        [Fact("cohort/AC-1", CohortOpened(entry_on=OCTOBER, completes_on=SEPTEMBER))],
        [Fact("cohort/AC-1", CohortOpened(entry_on=OCTOBER, completes_on=date(2024, 9, 30)), "E-3")],
        "completed cohorts",
        0,
    ),
    *remedies(
        "reversal-without-leaver",
        (
            "supersede the date",
            [Fact(W, started(SEPTEMBER)), Fact(W, left(NOVEMBER)), Fact(W, LeaverReversed(left_on=OCTOBER))],
            [Fact(W, LeaverReversed(left_on=NOVEMBER), "E-5")],
            "leavers",
            0,
        ),
        (
            "send it again after the leaver",
            [Fact(W, started(SEPTEMBER)), Fact(W, LeaverReversed(left_on=OCTOBER)), Fact(W, left(OCTOBER))],
            [Fact(W, LeaverReversed(left_on=OCTOBER), "E-4")],
            "leavers",
            0,
        ),
        (
            "void it",
            [Fact(W, started(SEPTEMBER)), Fact(W, left(NOVEMBER)), Fact(W, LeaverReversed(left_on=OCTOBER))],
            [Void("E-5")],
            "leavers",
            1,
        ),
    ),
    *of_one_mistake(
        "occupants-above-funded-fte",
        TWO_IN_ONE_POST,
        ("record the leaver", [Fact(W, left(OCTOBER))], "leavers", 1),
        ("record the move", [Fact(W, moved(OCTOBER, "P-1", "P-2"))], "vacancies", 0),
        (
            "record the FTEs",
            [Fact(W, fte_changed(OCTOBER, "0.5")), Fact(V, fte_changed(OCTOBER, "0.5"))],
            "in-post",
            1,
        ),
        (
            "record the funded FTE",
            [Fact("post/P-1", PostChanged(effective_from=OCTOBER, funded_fte=Decimal(2)))],
            "establishment",
            3,
        ),
    ),
    *of_one_mistake(
        "cover-past-expected-end",
        [Fact(C, expected(SEPTEMBER, OCTOBER))],
        ("record the end", [Fact(C, CoverEnded(ended_on=OCTOBER))], "agency", 0),
        (
            "change up to when it is expected",
            [Fact(C, CoverChanged(effective_from=OCTOBER, expected_until=date(2024, 1, 31)))],
            "agency",
            1,
        ),
    ),
    Remedy(
        "order-not-stated",
        "send the right one again",
        [
            Fact(W, started(SEPTEMBER)),
            Fact(W, fte_changed(OCTOBER, "0.5")),
            Fact(W, fte_changed(OCTOBER, "0.6"), at_once=True),
        ],
        [Fact(W, fte_changed(OCTOBER, "0.5"), "E-4")],
        "in-post",
        0.5,
    ),
    Remedy(
        "very-many-records",
        "void what was sent too often",
        [Fact(W, started(date(2019, 12, 31))), *OF_ALL_DAYS],
        [Void(f"E-{index + 4}") for index in range(1, len(OF_ALL_DAYS))],
        "in-post",
        0.5,
    ),
    *remedies(
        "reference-to-no-event",
        (
            "send the event that is referred to",
            [Fact(W, started(OCTOBER), "X-1")],
            [Fact(W, started(SEPTEMBER), id="X-1")],
            "starters",
            1,
        ),
        (
            "void the correction, and send it again with the right id",
            [Fact(W, started(SEPTEMBER)), Fact(W, left(OCTOBER)), Fact(W, left(NOVEMBER), "X-1")],
            [Void("E-5"), Fact(W, left(NOVEMBER), "E-4")],
            "leavers",
            1,
        ),
        (
            "void the withdrawal, and send it again with the right id",
            [*LEFT, Void("X-1", LEFT[1])],
            [Void("E-5"), Void("E-4")],
            "leavers",
            0,
        ),
    ),
    Remedy(
        "corrected-twice",
        "void the one that is wrong",
        [
            Fact(W, started(SEPTEMBER)),
            Fact(W, started(SEPTEMBER, "P-1", "0.5"), "E-3"),
            Fact(W, started(SEPTEMBER, "P-1", "0.6"), "E-3"),
        ],
        [Void("E-5")],
        "in-post",
        0.5,
    ),
    *remedies(
        "recorded-twice",
        (
            "void the one too many",
            [Fact(W, started(SEPTEMBER)), Fact(W, started(SEPTEMBER, "P-1", "0.5"))],
            [Void("E-4")],
            "in-post",
            1,
        ),
        ("of leavers", [*LEFT, Fact(W, left(OCTOBER))], [Void("E-5")], "leavers", 1),
        (
            "of merged numbers: void all of the second",
            [Fact(W, started(OCTOBER)), *CLOSED_DUPLICATE[1:]],
            [Void("E-4"), Void("E-5")],
            "in-post-headcount",
            1,
        ),
    ),
    Remedy(
        "merge-without-events",
        "void the merge, and record it with the right numbers",
        [Fact(W, started(SEPTEMBER, "P-1", "0.5")), Fact(V, started(OCTOBER, "P-2", "0.5")), Fact(W, merged("W-3"))],
        [Void("E-5"), Fact(W, merged("W-2"))],
        "starters",
        1,
    ),
    Remedy(
        "early-entry",
        "supersede the date",
        [Fact(W, started(date(2024, 9, 1)))],
        [Fact(W, started(SEPTEMBER), "E-3")],
        "in-post",
        1,
    ),
]
