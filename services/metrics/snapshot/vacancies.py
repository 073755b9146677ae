"""Vacancies in tranches: when each part of a post's vacancy opened, and when and how it closed.

Invariant: on every day the open tranches of a post add up to its vacancies.
Definition: docs/definitions.md, 'Vacancies in tranches'.
"""

from collections import deque
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from services.metrics.timelines.dimensions import NOTHING_STATED, Dimensions
from services.metrics.timelines.rows import FOREVER, Staffing


class VacancyTranche(NamedTuple):
    """A part of a post's vacancy, open from `opened_on` to the day before `closed_on` (FOREVER: it is still open).

    `filled` says that the post's FTE in post rose when it closed; `dimensions` are the post's facts then. `fte` in
    millionths.
    """

    post: str
    fte: int
    opened_on: date
    closed_on: date
    filled: bool
    dimensions: Dimensions


def tranches(rows: Sequence[Staffing]) -> list[VacancyTranche]:
    """The tranches of one post, oldest first, from its staffing rows in the order of their dates."""
    waiting: deque[tuple[date, int]] = deque()
    closed: list[VacancyTranche] = []
    vacant = in_post = 0
    for day, now_vacant, now_in_post, dimensions in _steps(rows):
        if now_vacant > vacant:
            waiting.append((day, now_vacant - vacant))
        to_close = max(0, vacant - now_vacant)
        while to_close:
            opened_on, fte = waiting.popleft()
            closing = min(fte, to_close)
            closed.append(
                VacancyTranche(rows[0].staffing_unit, closing, opened_on, day, now_in_post > in_post, dimensions)
            )
            to_close -= closing
            if closing < fte:
                waiting.appendleft((opened_on, fte - closing))
        vacant, in_post = now_vacant, now_in_post
    still_open = [
        VacancyTranche(rows[0].staffing_unit, fte, opened_on, FOREVER, False, NOTHING_STATED)
        for opened_on, fte in waiting
    ]
    return closed + still_open


def _steps(rows: Sequence[Staffing]) -> list[tuple[date, int, int, Dimensions]]:
    """The post's vacancies and FTE in post from each day on; without a row both are 0."""
    steps: list[tuple[date, int, int, Dimensions]] = []
    ended: date | None = None
    dimensions = NOTHING_STATED
    for row in rows:
        if ended is not None and ended < row.valid_from:
            steps.append((ended, 0, 0, dimensions))
        dimensions = row.dimensions
        steps.append((row.valid_from, row.vacancies, row.in_post, dimensions))
        ended = row.valid_to
    if ended is not None and ended < FOREVER:
        steps.append((ended, 0, 0, dimensions))
    return steps
