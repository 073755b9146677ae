"""Remedies of the checks of how persons come, go and hold posts.

Invariant: the figures were worked out on paper; each way of mending that a check names has a row.
"""

from datetime import date

from contracts.events.leavers import LeaverReversed
from tests.histories import fte_changed, left, merged, moved, started
from tests.unit.quality.findings import (
    NOVEMBER,
    OCTOBER,
    SEPTEMBER,
)
from tests.unit.quality.remedy import (
    AUGUST,
    CLOSED_DUPLICATE,
    LEFT,
    MID_OCTOBER,
    MID_SEPTEMBER,
    Fact,
    Remedy,
    V,
    Void,
    W,
    of_one_mistake,
    remedies,
)

GAVE_UP = [Fact(W, started(SEPTEMBER)), Fact(W, fte_changed(OCTOBER, "0"))]
TWO_FULL_TIME = [Fact(W, started(SEPTEMBER)), Fact(W, started(OCTOBER, "P-2"))]
TWO_NUMBERS = [Fact(W, started(SEPTEMBER)), Fact(V, started(OCTOBER, "P-2")), Fact(W, merged("W-2"))]
ABOVE_ONE = [
    Fact(W, started(SEPTEMBER, "P-1", "0.5")),
    Fact(W, started(SEPTEMBER, "P-2", "0.5")),
    Fact(W, fte_changed(OCTOBER, "0.8")),
]

REMEDIES = [
    *remedies(
        "leaver-without-start",
        ("record the start", [Fact(W, left(OCTOBER))], [Fact(W, started(SEPTEMBER))], "leavers", 1),
        (
            "merge the numbers",
            [Fact(V, started(SEPTEMBER)), Fact(W, left(OCTOBER))],
            [Fact(V, merged("W-1"))],
            "leavers",
            1,
        ),
        (
            "merge the numbers, and keep the other",
            [Fact(V, started(SEPTEMBER)), Fact(W, left(OCTOBER))],
            [Fact(W, merged("W-2"))],
            "in-post-headcount",
            0,
        ),
        ("void the leaver", [Fact(W, left(OCTOBER))], [Void("E-3")], "leavers", 0),
    ),
    *of_one_mistake(
        "left-before-start",
        [Fact(W, left(SEPTEMBER)), Fact(W, started(OCTOBER))],
        ("supersede the leaver", [Fact(W, left(NOVEMBER), "E-3")], "leavers", 1),
        ("supersede the start", [Fact(W, started(AUGUST), "E-4")], "leavers", 1),
        ("void the leaver", [Void("E-3")], "in-post-headcount", 1),
    ),
    *of_one_mistake(
        "leaver-not-in-post",
        [*GAVE_UP, Fact(W, left(NOVEMBER))],
        ("record the start in between", [Fact(W, started(MID_OCTOBER, "P-2"))], "leavers", 2),
        ("supersede the leaver", [Fact(W, left(OCTOBER), "E-5")], "leavers", 1),
        ("supersede the FTE", [Fact(W, fte_changed(NOVEMBER, "0"), "E-4")], "leavers", 1),
        ("void the leaver", [Void("E-5")], "leavers", 1),
    ),
    *of_one_mistake(
        "leaver-not-in-post",
        [*GAVE_UP, Fact(W, left(NOVEMBER)), Fact(W, started(NOVEMBER, "P-2"))],
        ("of one who came back: supersede the leaver", [Fact(W, left(OCTOBER), "E-5")], "starters", 2),
        ("of one who came back: void the leaver", [Void("E-5")], "in-post-headcount", 1),
        ("of one who did not come back: void both", [Void("E-5"), Void("E-6")], "in-post-headcount", 0),
    ),
    *of_one_mistake(
        "starter-not-in-post",
        [Fact(W, started(OCTOBER)), Fact(W, left(OCTOBER))],
        ("void the leaver", [Void("E-4")], "in-post-headcount", 1),
        ("supersede the leaver", [Fact(W, left(NOVEMBER), "E-4")], "leavers", 1),
        ("void both", [Void("E-3"), Void("E-4")], "starters", 0),
    ),
    *of_one_mistake(
        "starter-not-in-post",
        [*LEFT, Fact(W, started(NOVEMBER)), Fact(W, left(NOVEMBER))],
        ("of one who came back: void the leaver", [Void("E-6")], "in-post-headcount", 1),
        ("of one who did not come back: void both", [Void("E-5"), Void("E-6")], "leavers", 1),
    ),
    Remedy(
        "starter-not-in-post",
        "void the FTE of 0",
        [Fact(W, started(OCTOBER)), Fact(W, fte_changed(OCTOBER, "0"))],
        [Void("E-4")],
        "in-post-headcount",
        1,
    ),
    *remedies(
        "leaver-of-merged-numbers",
        (
            "of the number that is kept: record the leaver under the other",
            [*TWO_NUMBERS, Fact(W, left(NOVEMBER))],
            [Fact(V, left(NOVEMBER))],
            "in-post-headcount",
            0,
        ),
        (
            "of the number that is kept: void what is recorded under the duplicate",
            [*TWO_NUMBERS, Fact(W, left(NOVEMBER))],
            [Void("E-4")],
            "leavers",
            1,
        ),
    ),
    *of_one_mistake(
        "leaver-of-merged-numbers",
        CLOSED_DUPLICATE,
        ("record the leaver under the other number", [Fact(W, left(NOVEMBER))], "leavers", 1),
        ("or later, if that was so", [Fact(W, left(date(2023, 11, 15)))], "leavers", 1),
        ("void what is recorded under the duplicate", [Void("E-4"), Void("E-5")], "in-post-headcount", 1),
    ),
    *of_one_mistake(
        "leaver-of-merged-numbers",
        [*CLOSED_DUPLICATE, Void("E-4")],
        ("of a start withdrawn: record the leaver", [Fact(W, left(NOVEMBER))], "leavers", 1),
        ("of a start withdrawn: void the leaver", [Void("E-5")], "in-post-headcount", 1),
    ),
    *of_one_mistake(
        "start-in-post-held",
        [Fact(W, started(SEPTEMBER)), Fact(W, started(NOVEMBER, "P-1", "0.5"))],
        ("record the leaver in between", [Fact(W, left(OCTOBER))], "starters", 2),
        ("send the second again", [Void("E-4"), Fact(W, started(NOVEMBER, "P-1", "0.5"), "E-3")], "in-post", 0.5),
        ("void the second", [Void("E-4")], "in-post", 1),
    ),
    *of_one_mistake(
        "start-in-post-held",
        CLOSED_DUPLICATE,
        ("of merged numbers: record the leaver in between", [Fact(W, left(MID_SEPTEMBER))], "leavers", 2),
        ("of merged numbers: void all of the second", [Void("E-4"), Void("E-5")], "in-post-headcount", 1),
    ),
    *remedies(
        "move-from-post-not-held",
        (
            "supersede the move",
            [Fact(W, started(SEPTEMBER)), Fact(W, moved(OCTOBER, "P-9", "P-2"))],
            [Fact(W, moved(OCTOBER, "P-1", "P-2"), "E-4")],
            "in-post",
            1,
        ),
        (
            "record the start",
            [Fact(W, moved(OCTOBER, "P-1", "P-2"))],
            [Fact(W, started(SEPTEMBER))],
            "moves",
            1,
        ),
    ),
    *of_one_mistake(
        "move-after-leaving",
        [*LEFT, Fact(W, moved(NOVEMBER, "P-1", "P-2"))],
        ("void the move", [Void("E-5")], "in-post-headcount", 0),
        ("reverse the leaver", [Fact(W, LeaverReversed(left_on=OCTOBER))], "moves", 1),
        ("record the new start", [Fact(W, started(MID_OCTOBER))], "starters", 2),
    ),
    *remedies(
        "fte-change-in-post-not-held",
        (
            "supersede the post",
            [Fact(W, started(SEPTEMBER, "P-2")), Fact(W, fte_changed(OCTOBER, "0.5"))],
            [Fact(W, fte_changed(OCTOBER, "0.5", "P-2"), "E-4")],
            "in-post",
            0.5,
        ),
        (
            "supersede the date",
            [Fact(W, started(OCTOBER)), Fact(W, fte_changed(SEPTEMBER, "0.5"))],
            [Fact(W, fte_changed(NOVEMBER, "0.5"), "E-4")],
            "in-post",
            0.5,
        ),
        ("record the start", [Fact(W, fte_changed(OCTOBER, "0.5"))], [Fact(W, started(SEPTEMBER))], "in-post", 0.5),
    ),
    *of_one_mistake(
        "overlapping-occupancies",
        TWO_FULL_TIME,
        ("record the move", [Fact(W, moved(OCTOBER, "P-1", "P-2"))], "in-post", 1),
        ("record the leaver", [Fact(W, left(OCTOBER))], "in-post", 1),
        ("give the first post up", [Fact(W, fte_changed(OCTOBER, "0"))], "in-post", 1),
        ("supersede the FTE", [Fact(W, started(OCTOBER, "P-2", "0"), "E-4")], "in-post", 1),
    ),
    *of_one_mistake(
        "overlapping-occupancies",
        TWO_NUMBERS,
        ("of merged numbers: record the move", [Fact(W, moved(OCTOBER, "P-1", "P-2"))], "in-post", 1),
        ("of merged numbers: record the leaver under the first", [Fact(W, left(OCTOBER))], "in-post", 1),
        ("of merged numbers: record the leaver under the second", [Fact(V, left(OCTOBER))], "in-post-headcount", 1),
        ("of merged numbers: give the first up", [Fact(W, fte_changed(OCTOBER, "0"))], "in-post", 1),
        (
            "of merged numbers: give the second up under the first",
            [Fact(W, fte_changed(OCTOBER, "0", "P-2"))],
            "in-post",
            1,
        ),
    ),
    *of_one_mistake(
        "fte-above-one",
        ABOVE_ONE,
        ("supersede the FTE", [Fact(W, fte_changed(OCTOBER, "0.4"), "E-5")], "in-post", 0.9),
        ("give one post up", [Fact(W, fte_changed(OCTOBER, "0", "P-2"))], "in-post", 0.8),
    ),
]
