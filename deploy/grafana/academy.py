"""The board of the academy: what became of each cohort of newly qualified workers, and how long they stay."""

from deploy.grafana import figures
from deploy.grafana.boards import FIGURES_FOLDER, Board, Choice
from deploy.grafana.panels import (
    BLUE,
    COUNT,
    GREY,
    ORANGE,
    PERCENT,
    VERMILLION,
    Column,
    Graph,
    Look,
    Sql,
    curve,
    figure,
    graph,
    listing,
)
from services.metrics.api.academy import DEFINITIONS

KEPT = ((0.0, VERMILLION), (50.0, ORANGE), (65.0, BLUE))
"""Per cent of a cohort still in post."""
AS_AT = "As at the date, as known when it was last written down."
DATE = Choice(
    "as_at",
    "as at",
    "The end of one of the last thirteen months, or of the same month in an earlier year.",
    "SELECT DISTINCT as_at::text FROM reporting.cohort WHERE authority = ${authority:sqlstring} ORDER BY as_at DESC",
)
AT_THE_DATE = "authority = ${authority:sqlstring} AND as_at = ${as_at:sqlstring}::date"
OF_ALL = ("started", "in_post", "progressed_share", "retention", "mean_service_years")
UNITS = {"progressed_share": PERCENT, "retention": PERCENT, "mean_service_years": "suffix: years"}


def _means(*names: str) -> str:
    texts = [f"{DEFINITIONS[name]['title']}: {DEFINITIONS[name]['definition']}" for name in names]
    return "\n\n".join([*texts, AS_AT])


def _over_all(name: str) -> Sql:
    return Sql(f"""\
SELECT {name} AS "{DEFINITIONS[name]["title"]}"
FROM reporting.cohort
WHERE {AT_THE_DATE} AND cohort = 'all'""")  # noqa: S608 - written here, from constants


COHORTS_OVER_TIME = Sql(
    f"""\
SELECT
    entry_on::timestamp AT TIME ZONE 'UTC' AS "time",
    progressed_share AS "progressed",
    retention AS "still in post"
FROM reporting.cohort
WHERE {AT_THE_DATE} AND entry_on BETWEEN $__timeFrom()::date AND $__timeTo()::date
ORDER BY entry_on""",  # noqa: S608 - written here, from constants
    over_time=True,
)

COHORTS = Sql(f"""\
SELECT
    cohort AS "cohort",
    entry_on AS "entered",
    completes_on AS "year over",
    started AS "started",
    passed AS "passed",
    progressed AS "progressed",
    "left" AS "left",
    in_post AS "in post",
    progressed_share AS "progressed, %",
    retention AS "still in post, %",
    mean_service_years AS "mean service, years"
FROM reporting.cohort
WHERE {AT_THE_DATE} AND started > 0
ORDER BY entry_on DESC NULLS FIRST, cohort DESC""")  # noqa: S608 - written here, from constants

SURVIVAL = Sql(f"""\
SELECT
    months AS "months",
    round(100 * survival, 1) AS "still in post",
    round(100 * lower, 1) AS "lower end of the band",
    round(100 * upper, 1) AS "upper end of the band"
FROM reporting.survival
WHERE {AT_THE_DATE}
ORDER BY months""")  # noqa: S608 - written here, from constants

AT_RISK = Sql(f"""\
SELECT
    months / 12 AS "years of service",
    at_risk AS "members followed so far",
    round(100 * survival, 1) AS "still in post, %"
FROM reporting.survival
WHERE {AT_THE_DATE} AND months % 12 = 0
ORDER BY months""")  # noqa: S608 - written here, from constants

DAY = "time:YYYY-MM-DD"

ACADEMY = Board(
    uid="workforce-academy",
    title="Academy",
    description="What became of the cohorts of newly qualified workers, and how long they stay.",
    folder=FIGURES_FOLDER,
    since="now-10y",
    refresh="",
    parts=(
        *(
            figure(
                DEFINITIONS[name]["title"],
                _means(name),
                _over_all(name),
                UNITS.get(name, COUNT),
                width=5 if name != "started" else 4,
                decimals=1 if name in UNITS else 0,
                thresholds=KEPT if name == "retention" else (),
            )
            for name in OF_ALL
        ),
        Graph(
            graph(
                "cohorts by the day they entered",
                _means("progressed_share", "retention"),
                [COHORTS_OVER_TIME],
                PERCENT,
                decimals=1,
                looks=(Look("progressed", ORANGE), Look("still in post", BLUE)),
                thresholds=KEPT,
            )
        ),
        listing(
            "cohorts",
            _means("started", "passed", "progressed", "left", "in_post", "progressed_share", "retention"),
            COHORTS,
            (
                Column("entered", unit=DAY),
                Column("year over", unit=DAY),
                *(Column(name, decimals=1) for name in ("progressed, %", "mean service, years")),
                Column("still in post, %", decimals=1, thresholds=KEPT),
            ),
        ),
        Graph(
            curve(
                "members still in post by months of service",
                "Kaplan-Meier, with its 95% band: those who are still there count as long as they are followed. "
                + AS_AT,
                SURVIVAL,
                PERCENT,
                "months",
                looks=(
                    Look("still in post", BLUE),
                    Look("lower end of the band", GREY, dashed=True),
                    Look("upper end of the band", GREY, dashed=True),
                ),
            )
        ),
        listing(
            "members by full years of service",
            "How many are followed so far, and which share is still there. " + AS_AT,
            AT_RISK,
            (Column("still in post, %", decimals=1),),
            height=8,
        ),
    ),
    choices=(figures.AUTHORITY, DATE),
    page="/academy?authority=${authority}&as_at=${as_at}",
)
