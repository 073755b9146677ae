"""Remedies of the checks of absences, caseloads, children and silent feeds.

Invariant: the figures were worked out on paper; each way of mending that a check names has a row. 2 October 2023 is a
Monday.
"""

from datetime import date

from contracts.codes import Demand
from contracts.events.base import EventData
from contracts.events.leavers import LeaverReversed
from contracts.events.working_life import CaseloadCounted, DemandCounted, DemandEnded
from tests.histories import left, merged, started
from tests.unit.quality.findings import NOVEMBER, OCTOBER, SEPTEMBER
from tests.unit.quality.remedy import AUGUST, LAST_DAY, Fact, Remedy, V, Void, W, of_one_mistake, remedies, sick

MONDAY, WEDNESDAY = date(2023, 10, 2), date(2023, 10, 4)
NEXT_MONDAY, NEXT_WEDNESDAY, LAST_MONDAY = date(2023, 10, 9), date(2023, 10, 11), date(2023, 10, 16)
OLD, NEW = "demand/OLD", "demand/NEW"


def cases(count: int, day: date = LAST_DAY) -> CaseloadCounted:
    """Cases that somebody holds on a day."""
    return CaseloadCounted(counted_on=day, cases=count)


def children(count: int, day: date) -> DemandCounted:
    """Children looked after on a day."""
    return DemandCounted(counted_on=day, demand=Demand.CHILDREN_LOOKED_AFTER, children=count)


def in_service(*facts: tuple[str, EventData]) -> list[Fact]:
    """What is recorded of one person who started under two numbers, beside that."""
    began = [
        Fact(W, started(SEPTEMBER, "P-1", "0.5")),
        Fact(V, started(SEPTEMBER, "P-2", "0.5")),
        Fact(W, merged("W-2")),
    ]
    return [*began, *(Fact(*fact) for fact in facts)]


REMEDIES = [
    *of_one_mistake(
        "absence-beyond-leaving",
        [Fact(W, started(SEPTEMBER)), Fact(W, sick(MONDAY, LAST_MONDAY, 10)), Fact(W, left(NEXT_MONDAY))],
        ("supersede the absence", [Fact(W, sick(MONDAY, NEXT_MONDAY, 5), "E-4")], "working-days-lost", 5),
        ("supersede the leaver", [Fact(W, left(NOVEMBER), "E-5")], "working-days-lost", 10),
        ("reverse the leaver", [Fact(W, LeaverReversed(left_on=NEXT_MONDAY))], "working-days-lost", 10),
    ),
    *of_one_mistake(
        "absence-of-too-many-days",
        [Fact(W, started(SEPTEMBER)), Fact(W, sick(MONDAY, NEXT_MONDAY, 7))],
        ("supersede the dates", [Fact(W, sick(MONDAY, NEXT_WEDNESDAY, 7), "E-4")], "working-days-lost", 7),
        ("supersede the days", [Fact(W, sick(MONDAY, NEXT_MONDAY, 5), "E-4")], "working-days-lost", 5),
    ),
    *of_one_mistake(
        "absences-overlap",
        [Fact(W, started(SEPTEMBER)), Fact(W, sick(MONDAY, NEXT_MONDAY)), Fact(W, sick(WEDNESDAY, NEXT_WEDNESDAY))],
        ("void the duplicate", [Void("E-5")], "working-days-lost", 5),
        ("supersede the first", [Fact(W, sick(MONDAY, WEDNESDAY, 2), "E-4")], "working-days-lost", 7),
    ),
    *remedies(
        "caseload-under-two-numbers",
        (
            "void the earlier count of the same cases",
            in_service((W, cases(9)), (V, cases(9))),
            [Void("E-6")],
            "cases",
            9,
        ),
        (
            "void the earlier count of other cases, and supersede the later one",
            in_service((W, cases(9, date(2023, 11, 28))), (V, cases(4))),
            [Void("E-6"), Fact(V, cases(13), "E-7")],
            "cases",
            13,
        ),
    ),
    *of_one_mistake(
        "demand-series-replaced",
        [Fact(OLD, children(500, SEPTEMBER)), Fact(NEW, children(520, OCTOBER))],
        ("record its end", [Fact(OLD, DemandEnded(ended_on=OCTOBER))], "children", 520),
        ("record the newer counts", [Fact(OLD, children(510, NOVEMBER))], "children", 1030),
    ),
    *of_one_mistake(
        "demand-series-replaced",
        [
            *(Fact(OLD, children(500, day)) for day in (AUGUST, SEPTEMBER)),
            *(Fact(NEW, children(520, day)) for day in (SEPTEMBER, OCTOBER, NOVEMBER)),
        ],
        ("counted beside each other: record its end", [Fact(OLD, DemandEnded(ended_on=OCTOBER))], "children", 520),
        ("counted beside each other: record the newer counts", [Fact(OLD, children(510, NOVEMBER))], "children", 1030),
    ),
    *of_one_mistake(
        "demand-series-grown-old",
        [Fact(OLD, children(500, date(2022, 9, 1)))],
        ("record the newer counts", [Fact(OLD, children(510, NOVEMBER))], "children", 510),
        ("record its end", [Fact(OLD, DemandEnded(ended_on=OCTOBER))], "children", 0),
    ),
    Remedy(
        "feed-silent",
        "send what was recorded since",
        [Fact(W, started(SEPTEMBER))],
        [Fact(V, started(NOVEMBER, "P-2"), recorded=date(2024, 5, 2))],
        "in-post-headcount",
        2,
        date(2024, 6, 1),
    ),
]
