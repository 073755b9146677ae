"""Series: every measure month by month, quarter by quarter or year by year.

Invariant: every day asked for is in a point, or named as left out.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response

from contracts.values import EARLIEST_DATE
from services.chassis.authentication import READING
from services.chassis.query import DATE, IN_WORDS_DATE, Parameter, choice, read_date, several, whole
from services.metrics.api import schemas
from services.metrics.api.computing import computing
from services.metrics.api.examples.figures import SERIES_EXAMPLE
from services.metrics.api.figure_json import control_chart, has_a_limit, point_of_time, points_json, time_of
from services.metrics.api.measures import FigureRequest, MeasureName, answered, declared, request_of
from services.metrics.api.parameters import FIRST, LAST, AsKnown, BrokenDown, Counted, OfAuthority
from services.metrics.api.query import ReadQuery
from services.metrics.api.responses import answer, pinned, responses
from services.metrics.api.tables import series_lines
from services.metrics.figures.figures import Figures
from services.metrics.figures.periods import (
    STARTS_IN,
    Every,
    Period,
    Window,
    as_known_on,
    fits,
    left_out,
    series_periods,
    when_of_point,
)
from services.metrics.measures.declaration import Measure, Rate, When

router = APIRouter(tags=["measures"])

MOST_POINTS = 1200
"""Points of one series: a century of months."""


class _BetweenTwoDays(ReadQuery):
    """A series has no usual period."""

    first = replace(FIRST, required=True, example="2023-04-01")
    last = replace(LAST, required=True, example="2024-03-31")
    every = Parameter("every", "How often a series has a point.", choice(Every, Every.MONTH), "month")


class SeriesParameters(OfAuthority, _BetweenTwoDays, AsKnown, BrokenDown, Counted):
    """What determines a series."""

    rebase = Parameter(
        "rebase",
        "Months in which the control chart begins again (after a change that is known to be real), by any day of them, "
        "as 2022-04-01; repeat, or join by commas.",
        several(DATE, IN_WORDS_DATE, lambda text: read_date(text) is not None),
    )
    year_starts_in = Parameter(
        "year_starts_in",
        "The month in which the years (and quarters) of the series begin: 4 for financial, 10 for census years.",
        # What is usual hangs on the years: it is 4 but for those whose name says when they begin.
        replace(whole(1, 12, None), schema={"type": "integer", "minimum": 1, "maximum": 12, "default": 4}),
        4,
    )
    window = Parameter(
        "window",
        "Over what a point counts what happens over time: `12m`, the twelve months up to its last day, or `point`, its "
        "own month, quarter or year. If left out, rates are of twelve months (retention of starters is of all time), "
        "as figures as at a date are, and flows of the point. CSWW's annual rates are of twelve months always.",
        choice(Window, None),
    )

    def points(self, measure: Measure, periods: Sequence[Period]) -> list[tuple[Period, When]]:
        """The points, each with what is counted of it."""
        if self.window is Window.POINT and not all(fits(measure, period) for period in periods):
            problem = f"does not go with {measure.name}, which is of a year"
            self.fault("window", problem, "12m, or every=year", self.window)
        whens = (when_of_point(measure, period, EARLIEST_DATE, self.months, self.window) for period in periods)
        return [
            (period, as_known_on(replace(when, above=self.above), period, self.known_on, self.planned))
            for period, when in zip(periods, whens, strict=True)
        ]

    def periods(self) -> list[Period]:
        """The periods of the points."""
        first, last, every = self.first, self.last, self.every
        usual = STARTS_IN.get(every, 4)
        starts_in = self.year_starts_in or usual
        if starts_in != STARTS_IN.get(every, starts_in):
            expected = f"no year_starts_in beside every={every}, or every=year"
            self.fault("year_starts_in", f"is not when a {every} begins", expected, str(starts_in))
        if first is None or last is None:
            return []
        periods = series_periods(first, last, every, starts_in)
        if not periods:
            self.fault(
                "to",
                f"leaves no whole {every}",
                f"a later date than {last}, an earlier from, or another year_starts_in: all from {first} on is left "
                "out",
                str(last),
            )
        if len(periods) > MOST_POINTS:
            self.fault("from", f"asks for {len(periods)} points", f"at most {MOST_POINTS}", str(first))
        return periods

    def left_out(self, periods: Sequence[Period]) -> dict[str, Any]:
        """The days asked for that are in no whole period, before the first point and after the last."""
        assert self.first is not None and self.last is not None  # noqa: S101, PT018  (required)
        periods_left_out = left_out(self.first, self.last, periods)
        return (
            {"left_out": [f"{period.first}/{period.last}" for period in periods_left_out]} if periods_left_out else {}
        )

    def rebased(self, periods: Sequence[Period]) -> list[int]:
        """The indexes of the points at which the control chart begins again."""
        rebased = []
        for text in self.rebase:
            day = read_date(text)
            indexes = [index for index, period in enumerate(periods) if day and period.first <= day <= period.last]
            if not indexes:
                self.fault("rebase", "is not a day of the series", "a day of one of its points", text)
            rebased += indexes
        return rebased


@router.get(
    "/v1/measures/{measure}/series",
    dependencies=[READING],
    summary="One measure month by month, quarter by quarter or year by year",
    responses=responses(SERIES_EXAMPLE, schema=schemas.SERIES),
    openapi_extra=SeriesParameters.documented(),
)
async def get_series(request: Request, measure: MeasureName) -> Response:
    """A point for every whole month, quarter or year between two dates. Stocks are as at its last day, and flows are
    counted within it. Rates that count over time are of the twelve months up to its last day. `window` chooses
    otherwise.

    `periods` says what each point counts: `from`, `to` and, for stocks, `as_at`. A point that had not begun at the
    instant known is null (`not-yet`); one that was under way is `provisional`. A series without dimensions has a
    control chart (XmR) of the points that were over: centre line, limits, and the rules that a point breaks.
    """
    declaration = declared(measure)
    question = SeriesParameters(request)
    requested, periods = request_of(question, declaration), question.periods()
    points, rebased = question.points(declaration, periods), question.rebased(periods)
    question.raise_if_invalid()
    async with computing(request) as computation:
        sums = await requested.add_up(computation, [when for _, when in points])
        make = partial(_answer, question, requested, points, rebased)
        return await answered(computation, requested, sums, make)


def _answer(
    question: SeriesParameters,
    requested: FigureRequest,
    points: Sequence[tuple[Period, When]],
    rebased: Sequence[int],
    result: Figures,
) -> Response:
    """The answer with a series, and with its control chart."""
    measure = requested.measure
    body = requested.facts() | requested.instants() | {"every": question.every, "by": list(requested.query.by)}
    body |= {"months": points[0][1].months} if measure.all_time else {}
    body |= {"above": points[0][1].above} if has_a_limit(measure) else {}
    body |= question.left_out([period for period, _ in points])
    # A point looks at its last day, whatever it counts.
    stale = [question.is_stale(when.last) for _, when in points]
    body["periods"] = [
        point_of_time(measure, period, when) | ({"stale": True} if is_stale else {})
        for (period, when), is_stale in zip(points, stale, strict=True)
    ]
    body["rows"] = [
        dict(zip(requested.query.by, key, strict=True)) | points_json("values", values, measure.unit)
        for key, values in result.sorted_rows()
    ]
    body |= points_json("totals", result.totals, measure.unit)
    if not requested.query.by:
        body |= control_chart(measure, [when for _, when in points], result.totals, stale, rebased)
    body["links"] = {"pinned": pinned(question)}
    times = [
        time_of(measure, when) | ({"stale": True} if is_stale else {})
        for (_, when), is_stale in zip(points, stale, strict=True)
    ]
    exact_values = None if isinstance(measure, Rate) else (values for _, values in result.sorted_rows())
    return answer(question, body, series_lines(body, times, exact_values))
