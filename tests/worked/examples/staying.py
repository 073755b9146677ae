"""Whether people stay: turnover, stability, retention of starters, and the days and people these are made of."""

from typing import Any

from tests.worked.example import asked, example
from tests.worked.stated import left, post, started

BEFORE = "2022-01-03"
RESIDENTIAL: dict[str, Any] = {"csww_role": None, "role": "residential-childrens-worker"}

EXAMPLES = (
    example(
        "turnover stability and crude turnover of one year",
        post("P-1", BEFORE, fte=4),
        started("W-1", BEFORE),
        started("W-2", BEFORE),
        left("W-2", "2022-10-01"),
        started("W-3", "2023-09-30"),
        asked("turnover-rate", "2023-09-30", 50),
        asked("turnover-rate", "census 2023", 50),
        asked("stability-index", "census 2023", 50),
        # W-1 all 365 days, W-3 one.
        asked("in-post-headcount-days", "census 2023", 366),
        asked("crude-turnover", "census 2023", "36500/366"),
        asked("turnover-rate", "2022-09-30", 0),
    ),
    example(
        "turnover divides the leavers of the year by who is in post on its last day",
        post("P-1", BEFORE, fte=9),
        *(started(f"W-{number}", BEFORE) for number in (1, 2, 3, 4)),
        started("W-5", BEFORE, fte=0.5),
        left("W-1", "2022-09-30"),
        left("W-2", "2022-10-01"),
        left("W-3", "2023-09-30"),
        left("W-4", "2023-10-01"),
        # W-1, of 3.5 FTE and four people in post.
        asked("turnover-rate", "2022-09-30", "200/7"),
        asked("turnover-rate-headcount", "2022-09-30", 25),
        # W-2 and W-3, of 1.5 FTE and two people.
        asked("turnover-rate", "2023-09-30", "400/3"),
        asked("turnover-rate-headcount", "2023-09-30", 100),
        # A day earlier W-1 and W-2, of 2.5 FTE and three people.
        asked("turnover-rate", "2023-09-29", 80),
        asked("turnover-rate-headcount", "2023-09-29", "200/3"),
        # A day later W-3 and W-4, of half an FTE and one person.
        asked("turnover-rate", "2023-10-01", 400),
        asked("turnover-rate-headcount", "2023-10-01", 200),
        asked("stability-index", "census 2023", 50),
        asked("opening-headcount", "census 2023", 4),
        asked("stayed-headcount", "census 2023", 2),
        asked("stability-index", "census 2022", "no-denominator"),
        asked("opening-headcount", "census 2022", 0),
    ),
    example(
        "the year up to a day at the end of February has every leaver of twelve months once",
        post("P-1", BEFORE, fte=9),
        *(started(f"W-{number}", BEFORE) for number in (1, 2, 3, 4, 5)),
        left("W-1", "2023-02-28"),
        left("W-2", "2023-03-01"),
        left("W-3", "2024-02-29"),
        left("W-4", "2024-03-01"),
        # From 1 March 2022.
        asked("leavers", "2023-02-28", 1),
        # From 2 March 2022.
        asked("leavers", "2023-03-01", 2),
        # From 1 March 2023, both.
        asked("leavers", "2024-02-28", 1),
        asked("leavers", "2024-02-29", 2),
        # From 2 March 2023.
        asked("leavers", "2024-03-01", 2),
        # From 28 February 2024; from 1 March, as the 29th was in the year up to itself.
        asked("leavers", "2025-02-27", 2),
        asked("leavers", "2025-02-28", 1),
        asked("leavers", "2025-03-01", 0),
    ),
    example(
        "a leap year has 366 days in post",
        post("P-1", BEFORE, fte=2),
        started("W-1", BEFORE),
        started("W-2", BEFORE),
        left("W-2", "2024-02-15"),
        asked("in-post-headcount-days", "2023-02-01..2023-02-28", 56),
        asked("in-post-headcount-days", "2024-02-01..2024-02-29", 43),
        asked("in-post-headcount-days", "2024-02-15..2024-02-15", 1),
        asked("in-post-headcount-days", "2024-02-14..2024-02-14", 2),
        # Twelve months up to a date where no period is asked for: 366 of W-1, 137 of W-2 from 1 October.
        asked("in-post-headcount-days", "2024-09-30", 503),
        # One leaver on 43 days over 29.
        asked("crude-turnover", "2024-02-01..2024-02-29", "2900/43"),
        asked("crude-turnover", "2024-09-30", "36600/503"),
    ),
    example(
        "stability asks for who was in post the day before the first and on the last, whoever else came",
        post("P-1", BEFORE, fte=9),
        post("P-2", BEFORE, **RESIDENTIAL),
        started("W-1", "2023-03-31"),
        started("W-2", "2023-04-01"),
        started("W-3", "2023-03-31", "P-2"),
        left("W-3", "2024-03-31"),
        started("W-4", BEFORE),
        left("W-4", "2023-03-31"),
        started("W-5", BEFORE),
        left("W-5", "2023-06-01"),
        started("W-5", "2024-03-31"),
        asked("opening-headcount", "financial 2023-24", 3, by="team", rows={"p-1": 2, "p-2": 1}),
        asked("stayed-headcount", "financial 2023-24", 2),
        asked("stability-index", "financial 2023-24", "200/3"),
        asked("stability-index", "financial 2023-24", 100, scope="census"),
        asked("stayed-headcount", "2023-04-01..2024-03-30", 2),
    ),
    example(
        "retention judges only starters old enough, and holds on the day so many months after",
        post("P-1", BEFORE, fte=3),
        started("W-1", "2022-10-01"),
        left("W-1", "2023-01-01"),
        started("W-2", "2022-10-01"),
        left("W-2", "2023-01-02"),
        started("W-3", "2022-10-02"),
        asked("starters-old-enough", "census 2023", 2, months=3, as_at="2023-01-01"),
        asked("starters-retained", "census 2023", 1, months=3, as_at="2023-01-01"),
        asked("retention-of-starters", "2023-01-01", 50, months=3),
        asked("retention-of-starters", "2023-01-02", "200/3", months=3),
        asked("retention-of-starters", "2022-12-31", "no-denominator", months=3),
        asked("retention-of-starters", "2023-09-30", "no-denominator"),
        asked("retention-of-starters", "2023-10-01", 0),
        asked("retention-of-starters", "2023-10-02", "100/3"),
    ),
    example(
        "who started on the 29th of February has the anniversary on the 28th, and counts only if in post on it",
        post("P-1", BEFORE, fte=3),
        started("W-1", "2024-02-29", route="academy"),
        started("W-2", "2024-02-29"),
        left("W-2", "2025-02-28"),
        started("W-3", "2024-02-29"),
        left("W-3", "2025-03-01"),
        asked("starters-old-enough", "2025-02-27", 0),
        asked("starters-old-enough", "2025-02-28", 3, by="route", rows={"academy": 1, "direct": 2}),
        asked("starters-retained", "2025-02-28", 2, by="route", rows={"academy": 1, "direct": 1}),
        asked("retention-of-starters", "2025-02-28", "200/3", by="route", rows={"academy": 100, "direct": 50}),
        asked("starters-retained", "2024-03-28", 0, months=1),
        asked("starters-retained", "2024-03-29", 3, months=1),
    ),
    example(
        "a month after the 31st of January is the last day of February",
        post("P-1", BEFORE, fte=2),
        started("W-1", "2023-01-31"),
        started("W-2", "2024-01-31"),
        asked("starters-old-enough", "2023-02-27", 0, months=1),
        asked("starters-old-enough", "2023-02-28", 1, months=1),
        asked("starters-old-enough", "2024-02-28", 1, months=1),
        asked("starters-old-enough", "2024-02-29", 2, months=1),
        # Of one period, judged later.
        asked("starters-old-enough", "2024-01-01..2024-01-31", 1, months=1, as_at="2024-02-29"),
        asked("starters-old-enough", "2024-01-01..2024-01-30", 0, months=1, as_at="2024-02-29"),
        asked("starters-old-enough", "2024-01-31..2024-12-31", 1, months=1),
    ),
    example(
        "rates of the census leave out who left a residential home",
        post("P-1", BEFORE, fte=2),
        post("P-2", BEFORE, **RESIDENTIAL),
        started("W-1", BEFORE, "P-1"),
        started("W-2", BEFORE, "P-1"),
        started("W-3", BEFORE, "P-2"),
        left("W-2", "2023-05-01"),
        left("W-3", "2023-05-01"),
        asked("turnover-rate", "2023-09-30", 100),
        asked("turnover-rate-headcount", "2023-09-30", 100),
        asked("leavers", "census 2023", 2),
        asked("stability-index", "census 2023", "100/3"),
        asked("stability-index", "census 2023", 50, scope="census"),
    ),
)
