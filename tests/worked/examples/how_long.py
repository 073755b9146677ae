"""How long people, vacancies, assignments and offers last by a date, and how many cases each worker holds."""

from typing import Any

from tests.worked.example import asked, example
from tests.worked.stated import (
    caseload,
    changed,
    children,
    cover_changed,
    cover_ended,
    covered,
    left,
    merged,
    moved,
    post,
    reached,
    started,
)

BEFORE = "2022-01-03"
CENSUS_DAY = "2023-09-30"
YEAR_2023 = "census 2023"
RESIDENTIAL: dict[str, Any] = {"csww_role": None, "role": "residential-childrens-worker"}
IN_POST, LEAVERS, UNCOVERED = "in-post-by-length-of-service", "leavers", "uncovered-vacancies-by-age"
WORKERS, OVER = "workers-by-caseload", "workers-over-caseload"
TENURES, OFFERS = "agency-by-tenure", "offers-not-started"

EXAMPLES = (
    example(
        "length of service goes up a band on the day on which the years are full",
        post("P-1", "1990-01-01", 9),
        started("W-1", "1992-02-29"),
        *(
            asked(IN_POST, day, 1, by="length_of_service", rows={band: 1})
            for day, band in (
                ("1992-02-29", "under-2-years"),
                ("1994-02-27", "under-2-years"),
                ("1994-02-28", "2-to-5-years"),
                ("1997-02-27", "2-to-5-years"),
                ("1997-02-28", "5-to-10-years"),
                ("2002-02-28", "10-to-20-years"),
                ("2012-02-28", "10-to-20-years"),
                ("2012-02-29", "20-to-30-years"),
                ("2022-02-27", "20-to-30-years"),
                ("2022-02-28", "30-years-and-over"),
            )
        ),
    ),
    example(
        "a leaver's length of service is that of the day of leaving, and who comes back begins anew",
        post("P-1", BEFORE, 9),
        started("W-1", "2018-05-01"),
        left("W-1", "2023-05-01"),
        started("W-2", "2018-05-02"),
        left("W-2", "2023-05-01"),
        started("W-1", "2023-06-01"),
        asked(LEAVERS, YEAR_2023, 2, by="length_of_service", rows={"5-to-10-years": 1, "2-to-5-years": 1}),
        asked("leavers-fte", YEAR_2023, 1, where={"length_of_service": "5-to-10-years"}),
        asked(IN_POST, "2023-04-30", 2, by="length_of_service", rows={"2-to-5-years": 2}),
        asked(IN_POST, CENSUS_DAY, 1, by="length_of_service", rows={"under-2-years": 1}),
    ),
    example(
        "service goes on when a post is left for another, and in the census begins with the first post of the census",
        post("P-1", BEFORE, **RESIDENTIAL),
        post("P-2", BEFORE),
        started("W-1", "2019-10-01"),
        moved("W-1", "2022-10-01", "P-1", "P-2"),
        asked(IN_POST, CENSUS_DAY, 1, by="length_of_service team", rows={("2-to-5-years", "p-2"): 1}),
        asked(IN_POST, CENSUS_DAY, 1, scope="census", by="length_of_service", rows={"under-2-years": 1}),
    ),
    example(
        "agency cover is set against the oldest vacancy of a post first",
        post("P-1", "2022-09-30"),
        changed("P-1", "2023-04-01", funded_fte=2),
        covered("C-1", "2023-09-01", fte=0.6),
        # Who stands in for somebody away covers no vacancy.
        covered("C-2", "2023-09-01", reason="absence"),
        covered("C-3", CENSUS_DAY, fte=0.8),
        covered("C-4", "2023-10-01"),
        asked(UNCOVERED, "2023-08-31", 2, by="age", rows={"9-to-12-months": 1, "3-to-6-months": 1}),
        asked(UNCOVERED, "2023-09-29", "1.4", by="age", rows={"9-to-12-months": "0.4", "3-to-6-months": 1}),
        asked(UNCOVERED, CENSUS_DAY, "0.6", by="age", rows={"3-to-6-months": "0.6"}),
        asked("vacancies-by-age", CENSUS_DAY, 2, by="age", rows={"over-12-months": 1, "3-to-6-months": 1}),
        asked("uncovered-vacancies", CENSUS_DAY, "0.6"),
        asked(UNCOVERED, "2023-10-01", 0),
    ),
    example(
        "workers count once by the cases they hold, those with none too, and those above a limit",
        post("P-1", BEFORE, 9),
        *(started(f"W-{number}", BEFORE) for number in (1, 2, 3, 4, 5)),
        covered("C-1", BEFORE),
        *(
            caseload(worker, "2023-09-15", cases)
            for worker, cases in (("W-1", 0), ("W-2", 5), ("W-3", 6), ("W-4", 30), ("A-C-1", 31))
        ),
        # Counted 31 days before the date: too long ago.
        caseload("W-5", "2023-08-30", 40),
        asked(
            WORKERS,
            CENSUS_DAY,
            5,
            by="caseload",
            rows={"no-cases": 1, "1-to-5": 1, "6-to-10": 1, "26-to-30": 1, "over-30": 1},
        ),
        # Nobody is in this band, though some were counted.
        asked(WORKERS, CENSUS_DAY, 0, where={"caseload": "11-to-15"}),
        asked(OVER, CENSUS_DAY, 2),
        asked(OVER, CENSUS_DAY, 1, above=30),
        asked(OVER, CENSUS_DAY, 0, above=31),
        asked(OVER, CENSUS_DAY, 4, above=0),
        asked(OVER, CENSUS_DAY, 4, above=4),
        asked(OVER, CENSUS_DAY, 3, above=5),
        asked(WORKERS, "2023-08-29", "not-counted"),
        asked(OVER, "2023-08-29", "not-counted"),
        asked(OVER, "2023-09-29", 3),
    ),
    example(
        "cases counted under two numbers of one person are one caseload",
        post("P-1", BEFORE, 9),
        started("W-1", BEFORE),
        caseload("W-1", "2023-09-15", 14),
        caseload("W-2", "2023-09-15", 12),
        merged("W-1", "W-2"),
        asked(WORKERS, CENSUS_DAY, 1, by="caseload", rows={"26-to-30": 1}),
        asked(OVER, CENSUS_DAY, 1),
    ),
    example(
        "children of an area are held against the case holders of the area",
        post("P-1", BEFORE, service_area="care"),
        post("P-2", BEFORE, service_area="help"),
        started("W-1", BEFORE, "P-1"),
        started("W-2", BEFORE, "P-2", 0.5),
        caseload("W-1", "2023-09-15", 10),
        caseload("W-2", "2023-09-15", 9),
        children("D-1", "2023-09-15", 30, area="care"),
        children("D-2", "2023-09-15", 12, area="help"),
        asked("children-per-case-holder-by-area", CENSUS_DAY, 28, by="service_area", rows={"care": 30, "help": 24}),
        asked("children-per-case-holder", CENSUS_DAY, "not-counted"),
    ),
    example(
        "an assignment goes up a band on the day on which the months are full, and a pause begins it anew",
        post("P-1", BEFORE),
        covered("C-1", "2021-11-30", agency="north-agency"),
        *(
            asked(TENURES, day, 1, by="tenure", rows={band: 1})
            for day, band in (
                ("2021-11-30", "under-3-months"),
                ("2022-02-27", "under-3-months"),
                ("2022-02-28", "3-to-6-months"),
                ("2022-05-30", "6-to-12-months"),
                ("2022-11-29", "6-to-12-months"),
                ("2022-11-30", "12-to-24-months"),
                ("2023-11-29", "12-to-24-months"),
                ("2023-11-30", "over-24-months"),
            )
        ),
        cover_changed("C-1", "2023-12-01", fte=0),
        cover_changed("C-1", "2024-01-01", fte=0.5),
        asked(TENURES, "2023-12-31", 0),
        asked(TENURES, "2024-01-31", 1, by="tenure agency", rows={("under-3-months", "north-agency"): 1}),
        # 30 days of 365.25 to twelve months.
        asked("mean-agency-tenure", "2024-01-31", "480/487"),
        asked("mean-agency-tenure", "2023-12-31", "no-denominator"),
    ),
    example(
        "mean tenure is over assignments, whatever their FTE, and changes of terms do not begin them anew",
        post("P-1", BEFORE, 9),
        covered("C-1", "2023-09-01", fte=0.5),
        covered("C-2", "2023-09-20", reason="absence"),
        cover_changed("C-1", "2023-09-25", fte=1, hourly_rate=40),
        covered("C-3", "2023-09-25"),
        cover_ended("C-3", CENSUS_DAY),
        asked("agency-tenure-days", CENSUS_DAY, 29 + 10),
        # 19.5 days each.
        asked("mean-agency-tenure", CENSUS_DAY, "312/487"),
        asked("mean-agency-tenure", CENSUS_DAY, "464/487", where={"cover_reason": "vacancy"}),
    ),
    example(
        "an offer waits from the day it is made until the start, and is told apart once it is accepted",
        reached("AP-1", "2023-05-02", "applied"),
        reached("AP-1", "2023-06-01", "offered", "open-evening", campaign="CM-1", role="social-worker"),
        reached("AP-1", "2023-06-08", "accepted", "open-evening", campaign="CM-1", role="social-worker"),
        reached("AP-1", "2023-09-04", "started"),
        asked(OFFERS, "2023-05-01", "not-counted"),
        asked(OFFERS, "2023-05-31", 0),
        asked(OFFERS, "2023-06-01", 1, by="stage", rows={"offered": 1}),
        asked(OFFERS, "2023-06-01", 0, where={"stage": "accepted"}),
        asked(OFFERS, "2023-06-08", 1, by="stage campaign role", rows={("accepted", "CM-1", "social-worker"): 1}),
        asked(OFFERS, "2023-09-03", 1, where={"stage": "accepted", "route": "open-evening"}),
        asked(OFFERS, "2023-09-04", 0),
    ),
    example(
        "an offer that is withdrawn, refused or taken up waits no more, and one of before does not end it",
        reached("AP-1", "2023-06-01", "offered"),
        reached("AP-1", "2023-06-20", "withdrawn"),
        reached("AP-2", "2023-06-01", "accepted"),
        reached("AP-2", "2023-06-20", "rejected"),
        reached("AP-3", "2023-05-01", "withdrawn"),
        reached("AP-3", "2023-06-01", "offered"),
        asked(OFFERS, "2023-06-19", 3, by="stage", rows={"offered": 2, "accepted": 1}),
        asked(OFFERS, "2023-06-20", 1),
    ),
    example(
        "an offer waits no more once the worker whom the application names has started",
        post("P-1", BEFORE, 9),
        started("W-1", "2023-01-09"),
        left("W-1", "2023-03-01"),
        reached("AP-1", "2023-06-01", "offered", worker="W-1"),
        reached("AP-2", "2023-06-01", "offered", worker="W-2"),
        started("W-1", "2023-09-04"),
        started("W-3", "2023-09-11"),
        asked(OFFERS, "2023-09-03", 2),
        asked(OFFERS, "2023-09-04", 1),
        merged("W-2", "W-3"),
        asked(OFFERS, "2023-09-10", 1),
        asked(OFFERS, "2023-09-11", 0),
    ),
)
