"""What the boards of figures share: lists to choose from, and the SQL that reads the schema reporting.

Invariant: no figure is worked out here, except stocks: the functions of the schema sum them from exact amounts, as the
API does. All else is what the API answered, month by month. Definitions are the API's.
"""

from collections.abc import Sequence

from deploy.grafana.boards import Choice
from deploy.grafana.panels import BLUE, COLOURS, COUNT, GREY, VERMILLION, Column, Graph, Look, Sql, graph, listing
from services.metrics.measures.catalogue import MEASURES

MONTHLY = (
    "Of the authority as known when it was last written down, which is once a minute; of the months that are over."
)

AUTHORITY = Choice(
    "authority", "authority", "Whose figures.", "SELECT authority FROM reporting.authority ORDER BY authority"
)
AS_AT = Choice(
    "as_at",
    "as at",
    "The end of the month that figures are of.",
    "SELECT month_end::text FROM reporting.month_ends(${authority:sqlstring}) ORDER BY month_end DESC",
)
COMPARE = Choice(
    "compare_with",
    "beside",
    "The end of an earlier month to compare with: first the one of a year before.",
    """\
SELECT month_end::text
FROM reporting.month_ends(${authority:sqlstring})
ORDER BY month_end > ${as_at:sqlstring}::date - interval '1 year', month_end DESC""",
)
AS_KNOWN_AT = Choice(
    "as_known_at",
    "as known at",
    "What had been recorded by then: now, or the end of an earlier month.",
    """\
SELECT __text, __value
FROM (
    SELECT
        'now' AS __text,
        to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS __value,
        'infinity'::date AS day
    UNION ALL
    SELECT month_end::text, month_end::text || 'T23:59:59Z', month_end
    FROM reporting.month_ends(${authority:sqlstring})
) AS instants
ORDER BY day DESC""",
)


def choice_of(dimension: str) -> Choice:
    """A list of the values of a dimension of posts."""
    query = f"""\
SELECT DISTINCT coalesce({dimension}, 'not-stated') AS {dimension}
FROM reporting.kind_of_post
WHERE authority = ${{authority:sqlstring}}
ORDER BY {dimension}"""  # noqa: S608 - written here, from constants
    return Choice(dimension, dimension, "Those that posts had at any time.", query, several=True)


def is_chosen(dimension: str, column: str) -> str:
    """The condition that a row's value is one of those chosen. If there is nothing to choose, it holds for no row."""
    return f"coalesce({column}, 'not-stated') = ANY (ARRAY[${{{dimension}:sqlstring}}]::text[])"


ROLE, TEAM = choice_of("role"), choice_of("team")

IN_TIME = "month_end BETWEEN $__timeFrom()::date AND $__timeTo()::date"
TIME = "month_end::timestamp AT TIME ZONE 'UTC' AS \"time\""


def link_to(measure: str, more: str = "") -> str:
    """The page of what is behind a figure as at the date."""
    return f"${{pages}}/figures/{measure}?authority=${{authority}}&as_at=${{as_at}}{more}"


def words(name: str) -> str:
    """A code as people read it."""
    return name.replace("-", " ").replace("_", " ")


def definition(*names: str) -> str:
    """What measures mean, in the API's words."""
    return "\n\n".join(f"{words(name)}: {MEASURES[name].definition} ({MEASURES[name].source})" for name in names)


def monthly(*names: str) -> str:
    """The same, of what is written down month by month."""
    return f"{definition(*names)}\n\n{MONTHLY}"


def at_the_date(measure: str) -> Sql:
    """One figure as at the date."""
    return Sql(f"""\
SELECT value AS "{words(measure)}"
FROM reporting.monthly_figure
WHERE authority = ${{authority:sqlstring}}
    AND measure = '{measure}'
    AND dimension = ''
    AND month_end = ${{as_at:sqlstring}}::date""")  # noqa: S608 - written here, from constants


def over_time(*measures: str) -> Sql:
    """Measures of the whole authority, month by month."""
    listed = ", ".join(f"'{measure}'" for measure in measures)
    return Sql(
        f"""\
SELECT {TIME}, replace(measure, '-', ' ') AS metric, value
FROM reporting.monthly_figure
WHERE authority = ${{authority:sqlstring}}
    AND measure IN ({listed})
    AND dimension = ''
    AND value IS NOT NULL
    AND {IN_TIME}
ORDER BY month_end, metric""",  # noqa: S608 - written here, from constants
        over_time=True,
    )


def split_over_time(measure: str, dimension: str, *, chosen: bool = False) -> Sql:
    """A measure by a dimension, month by month, without what is 0 all along. `chosen`: of those chosen alone."""
    only = f"\n        AND {is_chosen(dimension, 'member')}" if chosen else ""
    return Sql(
        f"""\
SELECT {TIME}, replace(member, '-', ' ') AS metric, value
FROM (
    SELECT month_end, member, value, max(value) OVER (PARTITION BY member) AS most
    FROM reporting.monthly_figure
    WHERE authority = ${{authority:sqlstring}}
        AND measure = '{measure}'
        AND dimension = '{dimension}'{only}
        AND {IN_TIME}
) AS known
WHERE most > 0 AND value IS NOT NULL
ORDER BY month_end, metric""",  # noqa: S608 - written here, from constants
        over_time=True,
    )


def at_two_dates(measure: str, dimension: str) -> Sql:
    """A measure by a chosen dimension as at the date and the one to compare with, without what is 0 at both."""
    return Sql(f"""\
SELECT
    replace(member, '-', ' ') AS "{dimension}",
    max(value) FILTER (WHERE month_end = ${{compare_with:sqlstring}}::date) AS "then",
    max(value) FILTER (WHERE month_end = ${{as_at:sqlstring}}::date) AS "{words(measure)}",
    member AS "code"
FROM reporting.monthly_figure
WHERE authority = ${{authority:sqlstring}}
    AND measure = '{measure}'
    AND dimension = '{dimension}'
    AND {is_chosen(dimension, "member")}
    AND month_end IN (${{as_at:sqlstring}}::date, ${{compare_with:sqlstring}}::date)
GROUP BY member
HAVING max(value) > 0
ORDER BY max(value) FILTER (WHERE month_end = ${{as_at:sqlstring}}::date) DESC NULLS LAST, member""")  # noqa: S608


def linked_by(dimension: str, measure: str) -> tuple[Column, ...]:
    """The columns of a table by a dimension: its values lead to what is behind them."""
    link = link_to(measure, f"&{dimension}=${{__data.fields.code}}")
    return Column(dimension, link=link), Column("code", hidden=True)


def control_chart(measure: str, unit: str) -> Graph:
    """A measure between its limits, and beside it the months with what calls them real."""
    name = words(measure)
    drawn = Sql(
        f"""\
SELECT {TIME}, value AS "{name}", lower AS "lower limit", centre AS "mean", upper AS "upper limit"
FROM reporting.monthly_figure
WHERE authority = ${{authority:sqlstring}} AND measure = '{measure}' AND dimension = '' AND {IN_TIME}
ORDER BY month_end""",  # noqa: S608 - written here, from constants
        over_time=True,
    )
    rows = Sql(f"""\
SELECT
    month_end AS "month",
    value AS "{name}",
    lower AS "lower limit",
    centre AS "mean",
    upper AS "upper limit",
    replace(array_to_string(rules, ', '), '-', ' ') AS "signal",
    date_trunc('month', month_end)::date::text AS "from",
    month_end::text AS "to"
FROM reporting.monthly_figure
WHERE authority = ${{authority:sqlstring}} AND measure = '{measure}' AND dimension = '' AND {IN_TIME}
ORDER BY month_end DESC""")  # noqa: S608 - written here, from constants
    means = (
        f"{monthly(measure)}\n\nA month outside the limits, or in a run that the rules name, is hardly chance (XmR "
        "chart; GET /v1/measures lists the rules)."
    )
    looks = (
        Look(name, BLUE),
        Look("mean", GREY),
        Look("lower limit", VERMILLION, dashed=True),
        Look("upper limit", VERMILLION, dashed=True),
    )
    behind = (
        f"${{pages}}/figures/{measure}?authority=${{authority}}&as_at=${{__data.fields.to}}"
        "&from=${__data.fields.from}&to=${__data.fields.to}"
    )
    columns = (
        Column("month", unit="time:YYYY-MM-DD", link=behind),
        Column("from", hidden=True),
        Column("to", hidden=True),
    )
    return Graph(
        graph(f"{name}: control chart", means, [drawn], unit, looks=looks),
        listing(f"{name}: months and signals", means, rows, columns, unit=unit),
    )


def stacked_by(title: str, measure: str, dimension: str, members: Sequence[str]) -> Graph:
    """A count by a dimension, month by month, its members on one another in their colours."""
    queries = [split_over_time(measure, dimension)]
    return Graph(graph(title, monthly(measure), queries, COUNT, stacked=True, looks=coloured(members)))


def coloured(names: Sequence[str]) -> tuple[Look, ...]:
    """A colour for each; when the colours are used up they come again with a dashed line."""
    return tuple(
        Look(words(name), COLOURS[index % len(COLOURS)], dashed=index >= len(COLOURS))
        for index, name in enumerate(names)
    )
