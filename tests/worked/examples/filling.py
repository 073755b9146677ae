"""How long vacancies last: those filled, the days they took, and those still open by age."""

from tests.worked.example import asked, example
from tests.worked.stated import changed, closed, covered, fte_changed, left, post, started

BEFORE = "2022-01-03"
YEAR_2023 = "census 2023"

EXAMPLES = (
    example(
        "the oldest vacancy is filled first, in part, and withdrawn when nobody came",
        post("P-1", "2023-01-01"),
        changed("P-1", "2023-04-01", funded_fte=2),
        started("W-1", "2023-04-11", fte=0.6),
        started("W-2", "2023-05-01", fte=0.6),
        closed("P-1", "2023-08-01"),
        # 0.6 of 1 January after 100 days, 0.4 of it after 120, 0.2 of 1 April after 30; 0.8 withdrawn.
        asked("vacancies-filled", YEAR_2023, "1.2"),
        asked("days-to-fill", YEAR_2023, 60 + 48 + 6),
        asked("time-to-fill", YEAR_2023, 95),
        asked(
            "vacancies-by-age",
            "2023-04-11",
            "1.4",
            by="age",
            rows={"3-to-6-months": "0.4", "under-3-months": 1},
        ),
        asked("vacancies-by-age", "2023-06-30", "0.8", by="age", rows={"under-3-months": "0.8"}),
        asked("vacancies-by-age", "2023-07-01", "0.8", by="age", rows={"3-to-6-months": "0.8"}),
        asked("vacancies-by-age", "2023-08-01", 0),
        # On the day of the first starter alone, and on the days around it.
        asked("vacancies-filled", "2023-04-11..2023-04-11", "0.6"),
        asked("days-to-fill", "2023-04-11..2023-04-11", 60),
        asked("vacancies-filled", "2023-04-12..2023-04-30", 0),
        asked("time-to-fill", "2023-04-12..2023-04-30", "no-denominator"),
        # 48 and 6 FTE-days over 0.6.
        asked("time-to-fill", "2023-05-01..2023-05-31", 90),
    ),
    example(
        "a worker who leaves opens a vacancy that ages by full months",
        post("P-1", BEFORE),
        started("W-1", BEFORE),
        left("W-1", "2022-11-30"),
        asked("vacancies-by-age", "2022-11-29", 0),
        *(
            asked("vacancies-by-age", day, 1, by="age", rows={age: 1})
            for day, age in (
                ("2022-11-30", "under-3-months"),
                ("2023-02-27", "under-3-months"),
                ("2023-02-28", "3-to-6-months"),
                ("2023-05-29", "3-to-6-months"),
                ("2023-05-30", "6-to-9-months"),
                ("2023-08-29", "6-to-9-months"),
                ("2023-08-30", "9-to-12-months"),
                ("2023-11-29", "9-to-12-months"),
                ("2023-11-30", "over-12-months"),
            )
        ),
    ),
    example(
        "a vacancy of the 29th of February is over twelve months old on the 28th a year later",
        post("P-1", "2024-02-29"),
        asked("vacancies-by-age", "2025-02-27", 1, by="age", rows={"9-to-12-months": 1}),
        asked("vacancies-by-age", "2025-02-28", 1, by="age", rows={"over-12-months": 1}),
    ),
    example(
        "a post that one leaves and another takes up the same day was never vacant",
        post("P-1", BEFORE),
        started("W-1", BEFORE),
        left("W-1", "2023-05-01"),
        started("W-2", "2023-05-01"),
        asked("vacancies-filled", YEAR_2023, 0),
        asked("vacancies", "2023-05-01", 0),
        asked("time-to-fill", YEAR_2023, "no-denominator"),
    ),
    example(
        "more hours of who is there fill a vacancy, less funding withdraws it",
        post("P-1", "2023-01-01", fte=2),
        started("W-1", "2023-01-01", fte=0.5),
        fte_changed("W-1", "2023-01-11", 0.7),
        changed("P-1", "2023-02-01", funded_fte=1),
        covered("C-1", "2023-02-02"),
        # 0.2 after ten days; 1.3 were left, of which 1 is withdrawn; agency cover fills none of the 0.3.
        asked("vacancies-filled", YEAR_2023, "0.2"),
        asked("time-to-fill", YEAR_2023, 10),
        asked("vacancies-by-age", "2023-01-31", "1.3"),
        asked("vacancies-by-age", "2023-02-02", "0.3"),
    ),
    example(
        "a vacancy is filled in the census if its post is in it on that day",
        post("P-1", "2023-01-01", csww_role=None),
        changed("P-1", "2023-03-01", csww_role=5, team="south"),
        started("W-1", "2023-03-02", fte=0.5),
        asked("vacancies-filled", YEAR_2023, "0.5", scope="census", by="team", rows={"south": "0.5"}),
        asked("vacancies-by-age", "2023-02-28", 0, scope="census"),
        asked("vacancies-by-age", "2023-02-28", 1),
        asked(
            "vacancies-by-age", "2023-03-01", 1, scope="census", by="team age", rows={("south", "under-3-months"): 1}
        ),
        # Open from 1 January, 60 days.
        asked("days-to-fill", YEAR_2023, 30, scope="census"),
    ),
    example(
        "a vacancy filled before its post came into the census is none of the census",
        post("P-1", "2023-01-01", csww_role=None),
        started("W-1", "2023-02-01"),
        changed("P-1", "2023-03-01", csww_role=5),
        asked("vacancies-filled", YEAR_2023, 1),
        asked("vacancies-filled", YEAR_2023, 0, scope="census"),
        asked("time-to-fill", YEAR_2023, 31),
        asked("time-to-fill", YEAR_2023, "no-denominator", scope="census"),
    ),
)
