"""Who comes, who leaves, who moves, and whether people stay."""

from tests.worked.example import asked, example
from tests.worked.stated import changed, fte_changed, left, moved, post, started

BEFORE = "2022-01-03"
YEAR_2023 = "census 2023"

EXAMPLES = (
    example(
        "who moves to a post outside the census is a leaver of the census only",
        post("P-1", BEFORE),
        post("P-2", BEFORE, csww_role=None, role="residential-childrens-worker"),
        started("W-1", "2022-02-01"),
        moved("W-1", "2023-05-01", "P-1", "P-2"),
        asked(
            "leavers",
            YEAR_2023,
            1,
            scope="census",
            by="reason destination role",
            rows={("moved-within-authority", "other", "social-worker"): 1},
        ),
        asked("leavers", YEAR_2023, 0),
        asked("moves", YEAR_2023, 1),
        asked("moves", YEAR_2023, 0, scope="census"),
    ),
    example(
        "a post regraded out of the census lets its worker leave the census",
        post("P-1", BEFORE, csww_role=None),
        started("W-1", "2022-02-01"),
        changed("P-1", "2023-05-01", csww_role=5),
        post("P-1", "2023-06-01", csww_role=None),
        asked("starters", "2023-05-01..2023-05-01", 1, scope="census"),
        asked("leavers", "2023-06-01..2023-06-01", 1, scope="census"),
        asked("starters", YEAR_2023, 0),
    ),
    example(
        "who gives up every post without leaving left for a reason not known",
        post("P-1", BEFORE),
        started("W-1", BEFORE),
        fte_changed("W-1", "2023-03-01", 0),
        asked("leavers", YEAR_2023, 1, by="reason destination", rows={("not-known", "not-known"): 1}),
    ),
    example(
        "who leaves returns and leaves again is two starters and two leavers",
        post("P-1", BEFORE),
        started("W-1", "2022-10-03"),
        left("W-1", "2022-12-01"),
        started("W-1", "2023-04-03", fte=0.5, origin="agency-or-consultancy"),
        left("W-1", "2023-09-30", "retired"),
        asked(
            "leavers-fte",
            YEAR_2023,
            "1.5",
            scope="census",
            by="reason origin",
            rows={("resignation", "other-english-authority"): 1, ("retired", "agency-or-consultancy"): "0.5"},
        ),
        asked("starters", YEAR_2023, 2),
        asked("in-post-headcount", "2023-09-30", 0),
        asked("in-post-headcount", "2023-09-29", 1),
    ),
)
