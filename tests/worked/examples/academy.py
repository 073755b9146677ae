"""The academy's cohorts: what became of their members, and how long they stayed."""

from typing import Any

from tests.worked.example import OfCohort, example
from tests.worked.stated import cohort, decided, left, moved, post, started

LONG_AGO = "2018-01-01"
ENTRY, AS_AT = "2021-09-01", "2023-11-30"
AS_MEMBER: dict[str, Any] = {"cohort": "AC-1", "route": "academy", "origin": "newly-qualified"}

_COHORT = (
    post("P-1", LONG_AGO, fte=9, role="newly-qualified-social-worker"),
    post("P-2", LONG_AGO, fte=9),
    cohort("AC-1", ENTRY, "2022-09-01"),
)

EXAMPLES = (
    example(
        "each outcome of a cohort is told of who it is true of on the date",
        *_COHORT,
        # Deferred, passed, and in a service area since.
        started("W-1", ENTRY, **AS_MEMBER),
        decided("W-1", "2022-07-01", "deferred", kind="asye"),
        decided("W-1", "2022-09-01", "passed"),
        moved("W-1", "2022-09-01", "P-1", "P-2"),
        # Failed on the day of leaving: left after.
        started("W-2", ENTRY, **AS_MEMBER),
        decided("W-2", "2022-08-01", "failed"),
        left("W-2", "2022-08-01"),
        # Left, and the panel passed the work of the year the day after: left during the year.
        started("W-3", ENTRY, **AS_MEMBER),
        left("W-3", "2022-08-01"),
        decided("W-3", "2022-08-02", "passed"),
        # Still there, deferred.
        started("W-4", ENTRY, **AS_MEMBER),
        decided("W-4", "2022-07-01", "deferred", kind="asye"),
        # Did not come, and starts after the date.
        started("W-5", ENTRY, **AS_MEMBER),
        left("W-5", ENTRY),
        started("W-6", "2023-12-01", **AS_MEMBER),
        OfCohort(
            "AC-1",
            AS_AT,
            True,
            {
                "started": 4,
                "in_post": 2,
                "left": 2,
                "passed": 2,
                "failed": 1,
                "deferred": 2,
                "left_during": 1,
                "left_after": 1,
                "progressed": 1,
                "in_the_year": 1,
                "retention": 50,
                # 820 days from 1 September 2021 to 30 November 2023, 334 to 1 August 2022: of two, and 577 of four.
                "mean_service_years": "82000/36525",
                "mean_service_years_of_all": "57700/36525",
                # 1 September 2021 to 1 September 2022.
                "mean_days_to_progress": 365,
            },
            {334: "1/2"},
        ),
        OfCohort("AC-1", "2022-08-31", False, {"passed": 1, "progressed": 0, "in_the_year": 2}, {334: "1/2"}),
        OfCohort("AC-1", "2022-08-31", False, {"mean_days_to_progress": "no-denominator"}, {334: "1/2"}),
        OfCohort("AC-1", "2022-09-01", True, {"passed": 2, "progressed": 1, "in_the_year": 1}, {334: "1/2"}),
        OfCohort("AC-1", "2022-08-01", False, {"left": 2, "failed": 1, "left_after": 1, "passed": 0}, {334: "1/2"}),
        OfCohort("AC-1", "2022-07-31", False, {"left": 0, "failed": 0, "in_post": 4, "in_the_year": 4}),
        OfCohort("AC-1", "2022-06-30", False, {"deferred": 0, "started": 4}),
        OfCohort("AC-1", "2022-07-01", False, {"deferred": 2, "started": 4}),
        OfCohort("AC-1", ENTRY, False, {"started": 4, "mean_service_years_of_all": 0, "retention": 100}),
        # Whoever came that day was not at risk 334 days later.
        OfCohort("AC-1", "2023-12-01", True, {"started": 5, "in_post": 3, "retention": 60}, {334: "1/2"}),
    ),
    example(
        "a member counts once from the earliest start and is judged by the spell of it",
        *_COHORT,
        started("W-1", "2022-01-10", **AS_MEMBER),
        started("W-1", ENTRY, **AS_MEMBER),
        left("W-1", "2022-03-01"),
        started("W-1", "2022-05-01", **AS_MEMBER),
        started("W-1", "2022-05-01", "P-2", cohort="AC-2"),
        OfCohort("AC-1", AS_AT, True, {"started": 1, "left": 1, "progressed": 0, "retention": 0}, {181: "0"}),
        # Of two posts alike the first in the alphabet is the main one, and that is one of the academy.
        OfCohort("AC-2", AS_AT, False, {"started": 1, "in_post": 1, "progressed": 0}),
    ),
    example(
        "survival is the product of the shares that stayed of those who had served so long",
        *_COHORT,
        *(
            started(f"W-{number}", day, **AS_MEMBER)
            for number, day in enumerate(
                # Two of the five are still in post on the date, 100 and 400 days after they came.
                ("2021-09-01", "2023-08-22", "2021-09-01", "2021-09-01", "2022-10-26"),
                1,
            )
        ),
        left("W-1", "2021-12-10"),
        left("W-3", "2022-03-20"),
        left("W-4", "2022-06-28"),
        OfCohort(
            "AC-1",
            AS_AT,
            True,
            {"started": 5, "in_post": 2, "retention": 40},
            # 100 days: one of five. 200: one of three. 300: one of two.
            {100: "4/5", 200: "8/15", 300: "4/15"},
        ),
    ),
)
