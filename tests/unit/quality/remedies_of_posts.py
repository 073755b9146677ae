"""Remedies of the checks of posts and of agency cover.

Invariant: the figures were worked out on paper; each way of mending that a check names has a row.
"""

from decimal import Decimal

from contracts.codes import CoverReason
from contracts.events.agency_cover import CoverChanged, CoverEnded
from contracts.events.posts import PostChanged, PostClosed
from tests.histories import cover_started, established, left, moved, started
from tests.unit.quality.findings import (
    APRIL,
    NOVEMBER,
    OCTOBER,
    SEPTEMBER,
)
from tests.unit.quality.remedy import P3, C, Fact, Remedy, Void, W, of_one_mistake, remedies

ON_A_FILLED_POST = [Fact(W, started(SEPTEMBER)), Fact(C, cover_started(OCTOBER))]

REMEDIES = [
    *of_one_mistake(
        "unknown-post",
        [Fact(W, started(SEPTEMBER, "P-3"))],
        ("record the post", [Fact(P3, established(APRIL))], "over-establishment", 0),
        ("supersede the start", [Fact(W, started(SEPTEMBER, "P-1"), "E-3")], "vacancies", 1),
    ),
    *of_one_mistake(
        "post-used-before-established",
        [Fact(P3, established(OCTOBER)), Fact(W, started(SEPTEMBER, "P-3"))],
        ("supersede the post", [Fact(P3, established(APRIL), "E-3")], "starters", 1),
        ("supersede the start", [Fact(W, started(OCTOBER, "P-3"), "E-4")], "starters", 1),
    ),
    *of_one_mistake(
        "post-used-after-closing",
        [Fact("post/P-1", PostClosed(closed_on=OCTOBER)), Fact(W, started(SEPTEMBER))],
        ("record the move", [Fact(W, moved(OCTOBER, "P-1", "P-2"))], "vacancies", 0),
        ("record the leaver", [Fact(W, left(OCTOBER))], "leavers", 1),
        ("void the closing", [Void("E-3")], "establishment", 2),
        ("establish the post again", [Fact("post/P-1", established(OCTOBER))], "establishment", 2),
    ),
    Remedy(
        "post-used-after-closing",
        "record the end of the cover",
        [Fact("post/P-1", PostClosed(closed_on=OCTOBER)), Fact(C, cover_started(SEPTEMBER))],
        [Fact(C, CoverEnded(ended_on=OCTOBER))],
        "agency",
        0,
    ),
    *remedies(
        "post-changed-before-established",
        (
            "supersede the change",
            [
                Fact(P3, PostChanged(effective_from=SEPTEMBER, funded_fte=Decimal(2))),
                Fact(P3, established(OCTOBER)),
            ],
            [Fact(P3, PostChanged(effective_from=NOVEMBER, funded_fte=Decimal(2)), "E-3")],
            "establishment",
            4,
        ),
        (
            "supersede the post",
            [Fact(P3, PostClosed(closed_on=SEPTEMBER)), Fact(P3, established(OCTOBER))],
            [Fact(P3, established(APRIL), "E-4")],
            "establishment",
            2,
        ),
        (
            "record the post",
            [Fact(P3, PostChanged(effective_from=SEPTEMBER, funded_fte=Decimal(2)))],
            [Fact(P3, established(APRIL))],
            "establishment",
            4,
        ),
    ),
    *of_one_mistake(
        "cover-of-filled-post",
        ON_A_FILLED_POST,
        ("record the end of the cover", [Fact(C, CoverEnded(ended_on=OCTOBER))], "agency-cover", 0),
        (
            "change its reason",
            [Fact(C, CoverChanged(effective_from=OCTOBER, reason=CoverReason.ABSENCE))],
            "agency-cover",
            0,
        ),
        ("change its post", [Fact(C, CoverChanged(effective_from=OCTOBER, post="P-2"))], "uncovered-vacancies", 0),
        ("record the leaver", [Fact(W, left(OCTOBER))], "leavers", 1),
    ),
    *remedies(
        "cover-changed-while-not-held",
        (
            "supersede the end",
            [Fact(C, CoverEnded(ended_on=SEPTEMBER)), Fact(C, cover_started(OCTOBER, "P-2"))],
            [Fact(C, CoverEnded(ended_on=NOVEMBER), "E-3")],
            "agency",
            0,
        ),
        (
            "record the start",
            [Fact(C, CoverChanged(effective_from=OCTOBER, fte=Decimal("0.5")))],
            [Fact(C, cover_started(SEPTEMBER, "P-2"))],
            "agency",
            0.5,
        ),
    ),
]
