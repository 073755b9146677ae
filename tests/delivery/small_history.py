"""A small history by hand, with all that makes order matter elsewhere: corrections, voids, a reversed leaver, merged
numbers, covers.

Invariant: each event states its `time`; the figures beside it were worked out by hand.
"""

from typing import Any

from tests.delivery.feed import Stated, post_established, stated

OF_RETENTION = ("uk.workforce.worker.left.v1", "uk.workforce.leaver.reversed.v1")

VACANCIES = {"2023-01-31": 3.0, "2023-06-30": 1.9, "2023-10-31": 2.4}
"""FTE. January: P-1 is held (1 of 1), P-2 is not (1), P-3 is not (2).
June: W-1 went from P-1 to P-3 (1 vacant; 1 of 2 held), W-3 holds P-1 at 0.5, W-2 holds P-2 at 0.6 (0.4 vacant): 0.5 +
0.4 + 1. October: W-2's leaver was reversed, W-3 left P-1 (1 vacant), P-3 is as it was: 1 + 0.4 + 1.
W-5 is W-1, in P-3 under a second number: P-3 has no vacancy until the two are merged, by way of W-6, on 20 June."""

AGENCY_COVER = {"2023-06-30": 1.0, "2023-10-31": 0.5}
"""FTE. C-1 covers P-2's vacancy with 1, from September P-1's with 0.5; C-2 is additional, at no post; C-3 never was."""


def small_history(authority: str) -> list[Stated]:
    """The events of one authority."""

    def recorded(day: str) -> dict[str, str]:
        return {"time": f"{day}T09:00:00Z"}

    def of_worker(id: str, type: str, worker: str, day: str, data: dict[str, Any], **refers: str) -> Stated:
        return stated(id, f"worker.{type}", f"worker/{worker}", authority, data, **recorded(day), **refers)

    def start(day: str, post: str, fte: float) -> dict[str, Any]:
        return {"started_on": day, "post": post, "fte": fte, "origin": "other", "route": "direct"}

    def of_cover(id: str, type: str, cover: str, day: str, data: dict[str, Any], **refers: str) -> Stated:
        return stated(id, f"cover.{type}", f"cover/{cover}", authority, data, **recorded(day), **refers)

    def assignment(day: str, **facts: object) -> dict[str, Any]:
        return {"started_on": day, "agency_worker": "A-1", "fte": 1, "reason": "vacancy", **facts}

    left = {"left_on": "2023-08-01", "reason": "resignation", "destination": "other"}
    return [
        post_established("P-1", authority) | recorded("2022-12-01"),
        post_established("P-2", authority) | recorded("2022-12-01"),
        post_established("P-3", authority) | recorded("2022-12-01"),
        stated(
            "P-3-grows",
            "post.changed",
            "post/P-3",
            authority,
            {"effective_from": "2020-06-01", "funded_fte": 2},
            **recorded("2022-12-02"),
        ),
        of_worker("S-1", "started", "W-1", "2022-12-20", start("2023-01-01", "P-1", 1)),
        of_worker("S-2", "started", "W-2", "2023-02-01", start("2023-02-15", "P-2", 1)),
        of_worker(
            "F-2", "fte-changed", "W-2", "2023-05-20", {"effective_from": "2023-05-01", "post": "P-2", "fte": 0.6}
        ),
        of_worker(
            "M-1",
            "moved",
            "W-1",
            "2023-03-20",
            {"moved_on": "2023-04-01", "from_post": "P-1", "to_post": "P-3", "fte": 1},
        ),
        of_worker("S-3", "started", "W-3", "2023-05-02", start("2023-07-01", "P-1", 0.5)),
        of_worker("S-3b", "started", "W-3", "2023-05-03", start("2023-05-15", "P-1", 0.5), supersedes="S-3"),
        of_worker("S-5", "started", "W-5", "2023-05-03", start("2023-04-15", "P-3", 1)),
        of_worker("J-5", "merged", "W-6", "2023-06-12", {"duplicate": "W-5"}),
        of_worker("J-6", "merged", "W-1", "2023-06-20", {"duplicate": "W-6"}),
        of_worker("J-3", "merged", "W-2", "2023-06-21", {"duplicate": "W-3"}),
        of_worker("J-3-void", "merged", "W-2", "2023-06-22", {"because": "entered-in-error"}, voids="J-3"),
        of_worker("S-4", "started", "W-4", "2023-05-04", start("2023-05-04", "P-3", 1)),
        of_worker("S-4-void", "started", "W-4", "2023-05-09", {"because": "entered-in-error"}, voids="S-4"),
        of_cover("C-1", "started", "C-1", "2023-03-01", assignment("2023-03-01", post="P-2")),
        of_cover(
            "C-1-moves",
            "changed",
            "C-1",
            "2023-09-05",
            {"effective_from": "2023-09-01", "post": "P-1", "fte": 0.5},
        ),
        of_cover("C-1-ends", "ended", "C-1", "2023-11-20", {"ended_on": "2023-12-01"}),
        of_cover(
            "C-2", "started", "C-2", "2023-03-02", assignment("2023-03-02", reason="additional", role="team-manager")
        ),
        of_cover("C-3", "started", "C-3", "2023-03-03", assignment("2023-03-03", post="P-3")),
        of_cover("C-3-void", "started", "C-3", "2023-03-04", {"because": "entered-in-error"}, voids="C-3"),
        of_worker("L-2", "left", "W-2", "2023-08-03", left),
        stated(
            "L-2-reversed",
            "leaver.reversed",
            "worker/W-2",
            authority,
            {"left_on": "2023-08-01"},
            **recorded("2023-08-20"),
        ),
        of_worker("L-3", "left", "W-3", "2023-09-01", left),
    ]
