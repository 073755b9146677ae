"""The dashboard of the workforce team: vacancies, who covers them, by role and over time.

Invariant: every figure is a measure of services/metrics/measures, worked out by the schema reporting of the metrics
database and rounded as the API rounds it; the definition beside it is the API's.
"""

from contracts.codes import Role
from deploy.grafana.panels import BLUE, COLOURS, VERMILLION, Dashboard, Kind, Look, Panel, Sql, TextBox
from services.metrics.measures.catalogue import MEASURES

FTE = "suffix: FTE"

TOTALS = ("vacancies", "agency-cover", "uncovered-vacancies", "establishment", "in-post")
"""The measures shown as one total each, in reading order."""

KNOWN_ON = "(${as_known_at:sqlstring}::timestamptz AT TIME ZONE 'UTC')::date"
"""The day of the instant that figures are known at: of later days there are none yet."""
HAS_COME = f"${{as_at:sqlstring}}::date <= {KNOWN_ON}"
STOCK = "reporting.stock(${authority:sqlstring}, ${as_at:sqlstring}, ${as_known_at:sqlstring})"
MONTHS = f"""\
reporting.monthly_stock(
    ${{authority:sqlstring}},
    $__timeFrom()::date,
    least($__timeTo()::date, {KNOWN_ON}),
    ${{as_known_at:sqlstring}}
)"""

ROLE = "replace(coalesce(role, 'not stated'), '-', ' ')"

TOTAL = """\
SELECT CASE WHEN {has_come} THEN round(coalesce(sum({column}), 0), 1) END AS "{name}"
FROM {stock}"""

BY_ROLE = f"""\
SELECT
    CASE WHEN grouping(role) = 1 THEN 'total' ELSE {ROLE} END AS "role",
    round(sum(vacancies), 1) AS "vacancies",
    round(sum(agency_cover), 1) AS "agency cover",
    round(sum(uncovered_vacancies), 1) AS "uncovered vacancies",
    round(sum(establishment), 1) AS "establishment",
    round(sum(in_post), 1) AS "in post"
FROM {STOCK}
WHERE {HAS_COME}
GROUP BY ROLLUP (role)
ORDER BY grouping(role), sum(vacancies) DESC, role"""  # noqa: S608 - written here, from constants

COVERED_BY_MONTH = f"""\
SELECT
    as_at::timestamp AT TIME ZONE 'UTC' AS "time",
    round(sum(vacancies - uncovered_vacancies), 1) AS "covered by agency",
    round(sum(uncovered_vacancies), 1) AS "uncovered"
FROM {MONTHS}
GROUP BY as_at
ORDER BY as_at"""  # noqa: S608 - written here, from constants

ROLES_BY_MONTH = f"""\
SELECT
    as_at::timestamp AT TIME ZONE 'UTC' AS "time",
    {ROLE} AS metric,
    round(vacancies, 1) AS value
FROM {MONTHS}
ORDER BY as_at, metric"""  # noqa: S608 - written here, from constants

VARIABLES = (
    TextBox("authority", "authority", "331", "The authority's three-digit code."),
    TextBox(
        "as_at",
        "as at",
        "today",
        "The date the figures are true for: YYYY-MM-DD, or today, or yesterday. Of a date that was still to come as "
        "known then there is no figure.",
    ),
    TextBox(
        "as_known_at",
        "as known at",
        "now",
        "What had been recorded by then: an instant as 2023-11-30T12:00:00Z, or now. An earlier one prints the report "
        "of that day again.",
    ),
)


def _definition(*names: str) -> str:
    return "\n\n".join(f"{_words(name)}: {MEASURES[name].definition} ({MEASURES[name].source})" for name in names)


def _words(name: str) -> str:
    return name.replace("-", " ")


def _total(name: str) -> Panel:
    query = TOTAL.format(column=name.replace("-", "_"), name=_words(name), stock=STOCK, has_come=HAS_COME)
    return Panel(_words(name), _definition(name), Kind.STAT, (Sql(query),), FTE, decimals=1, width=4, height=4)


def _looks_of_roles() -> tuple[Look, ...]:
    """A colour for each role; when the colours are used up they come again with a dashed line."""
    names = [_words(role.value) for role in Role]
    return tuple(
        Look(name, COLOURS[index % len(COLOURS)], dashed=index >= len(COLOURS)) for index, name in enumerate(names)
    )


BY_ROLE_PANEL = Panel(
    "by role, as at ${as_at}, as known at ${as_known_at}",
    _definition(*TOTALS) + "\n\nThe total is rounded from the exact sum, not summed from rounded rows.",
    Kind.TABLE,
    (Sql(BY_ROLE),),
    FTE,
    decimals=1,
    height=10,
)

COVERED_PANEL = Panel(
    "vacancies, covered and uncovered, at the end of each month",
    "covered by agency: the part of the vacancies that agency workers with the reason vacancy fill, post by post; the "
    "two parts add up to the vacancies.\n\n" + _definition("vacancies", "uncovered-vacancies"),
    Kind.OVER_TIME,
    (Sql(COVERED_BY_MONTH, over_time=True),),
    FTE,
    decimals=1,
    height=10,
    stacked_bars=True,
    looks=(Look("covered by agency", BLUE), Look("uncovered", VERMILLION)),
)

ROLES_PANEL = Panel(
    "vacancies by role, at the end of each month",
    _definition("vacancies"),
    Kind.OVER_TIME,
    (Sql(ROLES_BY_MONTH, over_time=True),),
    FTE,
    decimals=1,
    height=10,
    looks=_looks_of_roles(),
)

VACANCIES = Dashboard(
    uid="workforce-vacancies",
    title="Vacancies",
    description="Vacancies and the agency staff covering them, as at any date, as known at any instant.",
    since="now-5y",
    refresh="",
    panels=(*(_total(name) for name in TOTALS), BY_ROLE_PANEL, COVERED_PANEL, ROLES_PANEL),
    variables=VARIABLES,
)
