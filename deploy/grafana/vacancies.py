"""The board of vacancies: how many, who covers them, by role and team, beside an earlier date, and over time.

Invariant: the schema reporting sums stocks from exact amounts and rounds them once, as the API does, as at any date, as
known at any instant. A figure as known when it was written down says so.
"""

from contracts.codes import Role
from deploy.grafana import figures
from deploy.grafana.boards import FIGURES_FOLDER, Board
from deploy.grafana.figures import (
    IN_TIME,
    TIME,
    coloured,
    control_chart,
    definition,
    is_chosen,
    link_to,
    linked_by,
    monthly,
    split_over_time,
    words,
)
from deploy.grafana.marks import INITIATIVES
from deploy.grafana.panels import BLUE, FTE, ORANGE, VERMILLION, Graph, Look, Sql, figure, graph, listing
from deploy.grafana.rules import UNCOVERED_FTE
from services.metrics.measures.catalogue import CODED

TOTALS = ("vacancies", "agency-cover", "uncovered-vacancies", "establishment", "in-post")
"""The measures shown as one total each, in reading order."""
UNCOVERED = ((0.0, BLUE), (UNCOVERED_FTE, ORANGE), (2 * UNCOVERED_FTE, VERMILLION))
"""FTE for which nobody stands in; above the first of these somebody is told (the alert UncoveredVacancies)."""

KNOWN_ON = "(${as_known_at:sqlstring}::timestamptz AT TIME ZONE 'UTC')::date"
"""The day of the instant that figures are known at: of later days there are none yet."""
CHOSEN = f"{is_chosen('role', 'role')} AND {is_chosen('team', 'team')}"
KNOWN = "&as_known_at=${as_known_at}"


def _stock(day: str) -> str:
    """The stock of those chosen as at a day that had come."""
    return f"""\
reporting.detailed_stock(${{authority:sqlstring}}, ${{{day}:sqlstring}}, ${{as_known_at:sqlstring}})
WHERE ${{{day}:sqlstring}}::date <= {KNOWN_ON} AND {CHOSEN}"""


def _total(name: str) -> str:
    return f"""\
SELECT CASE WHEN ${{as_at:sqlstring}}::date <= {KNOWN_ON} THEN round(coalesce(sum({name.replace("-", "_")}), 0), 1) END
    AS "{words(name)}"
FROM {_stock("as_at")}"""  # noqa: S608 - written here, from constants


def _table(dimension: str) -> str:
    """Both dates side by side. The total and the change are rounded from exact sums."""
    amounts = "vacancies, agency_cover, uncovered_vacancies, establishment, in_post"
    now, then = "FILTER (WHERE is_now)", "FILTER (WHERE NOT is_now)"
    return f"""\
SELECT
    CASE WHEN grouping({dimension}) = 1 THEN 'total' ELSE replace(coalesce({dimension}, 'not-stated'), '-', ' ') END
        AS "{dimension}",
    round(sum(vacancies) {then}, 1) AS "vacancies then",
    round(sum(vacancies) {now}, 1) AS "vacancies",
    round(sum(vacancies) {now} - sum(vacancies) {then}, 1) AS "change",
    round(sum(agency_cover) {now}, 1) AS "agency cover",
    round(sum(uncovered_vacancies) {now}, 1) AS "uncovered vacancies",
    round(sum(establishment) {now}, 1) AS "establishment",
    round(sum(in_post) {now}, 1) AS "in post",
    CASE WHEN grouping({dimension}) = 0 THEN coalesce({dimension}, 'not-stated') ELSE '' END AS "code"
FROM (
    SELECT {dimension}, true AS is_now, {amounts}
    FROM {_stock("as_at")}
    UNION ALL
    SELECT {dimension}, false, {amounts}
    FROM {_stock("compare_with")}
) AS both_dates
GROUP BY ROLLUP ({dimension})
HAVING grouping({dimension}) = 1 OR sum(vacancies + agency_cover + establishment + in_post) > 0
ORDER BY grouping({dimension}), sum(vacancies) {now} DESC NULLS LAST, {dimension}"""  # noqa: S608


MONTHS = f"""\
reporting.month_ends(${{authority:sqlstring}}) AS month
CROSS JOIN LATERAL reporting.detailed_stock(${{authority:sqlstring}}, month_end, ${{as_known_at:sqlstring}})
WHERE {IN_TIME} AND month_end <= {KNOWN_ON} AND {CHOSEN}"""

COVERED_BY_MONTH = f"""\
SELECT
    {TIME},
    round(sum(vacancies - uncovered_vacancies), 1) AS "covered by agency",
    round(sum(uncovered_vacancies), 1) AS "uncovered"
FROM {MONTHS}
GROUP BY month_end
ORDER BY month_end"""  # noqa: S608 - written here, from constants

ROLES_BY_MONTH = f"""\
SELECT {TIME}, replace(role, '-', ' ') AS metric, round(amount, 1) AS value
FROM (
    SELECT
        month_end,
        coalesce(role, 'not-stated') AS role,
        sum(vacancies) AS amount,
        max(sum(vacancies)) OVER (PARTITION BY role) AS most
    FROM {MONTHS}
    GROUP BY month_end, role
) AS by_role
WHERE most > 0
ORDER BY month_end, metric"""  # noqa: S608 - written here, from constants

BY_ROLE = listing(
    "by role, as at ${as_at} and ${compare_with}",
    definition(*TOTALS) + "\n\nThe total is rounded from the exact sum, not summed from rounded rows.",
    Sql(_table("role")),
    linked_by("role", "vacancies"),
    unit=FTE,
    decimals=1,
)
BY_TEAM = listing(
    "by team, as at ${as_at} and ${compare_with}",
    definition(*TOTALS),
    Sql(_table("team")),
    linked_by("team", "vacancies"),
    unit=FTE,
    decimals=1,
)
COVERED = graph(
    "vacancies, covered and uncovered, at the end of each month",
    "covered by agency: the part of the vacancies that agency workers with the reason vacancy fill, post by post; the "
    "two parts add up to the vacancies.\n\n" + definition("vacancies", "uncovered-vacancies"),
    [Sql(COVERED_BY_MONTH, over_time=True)],
    FTE,
    decimals=1,
    stacked=True,
    looks=(Look("covered by agency", BLUE), Look("uncovered", VERMILLION)),
)
ROLES = graph(
    "vacancies by role, at the end of each month",
    definition("vacancies"),
    [Sql(ROLES_BY_MONTH, over_time=True)],
    FTE,
    decimals=1,
    looks=coloured([role.value for role in Role]),
)

VACANCIES = Board(
    uid="workforce-vacancies",
    title="Vacancies",
    description="Vacancies and the agency staff covering them, as at any month's end, as known at any other.",
    folder=FIGURES_FOLDER,
    since="now-5y",
    refresh="",
    parts=(
        *(
            figure(
                words(name),
                definition(name),
                Sql(_total(name)),
                FTE,
                width=4 if name != "vacancies" else 8,
                decimals=1,
                thresholds=UNCOVERED if name == "uncovered-vacancies" else (),
                link=link_to(name, KNOWN),
            )
            for name in TOTALS
        ),
        BY_ROLE,
        Graph(COVERED),
        Graph(ROLES),
        Graph(
            graph(
                "uncovered vacancies by how long they have been open",
                monthly("uncovered-vacancies-by-age"),
                [split_over_time("uncovered-vacancies-by-age", "age")],
                FTE,
                decimals=1,
                stacked=True,
                looks=coloured(CODED["age"]),
            )
        ),
        BY_TEAM,
        control_chart("vacancies", FTE),
    ),
    choices=(
        figures.AUTHORITY,
        figures.AS_AT,
        figures.COMPARE,
        figures.AS_KNOWN_AT,
        figures.ROLE,
        figures.TEAM,
    ),
    marks=INITIATIVES,
    page="/?authority=${authority}&as_at=${as_at}&compare_with=${compare_with}&as_known_at=${as_known_at}",
)
