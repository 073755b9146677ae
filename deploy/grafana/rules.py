"""The alert rules that Grafana watches: figures that somebody should look at.

Invariant: each rule has an entry in docs/runbook.md under its name, and a query that gives a number for each authority.
"""

from dataclasses import dataclass

from grafana_foundation_sdk.builders import alerting, expr
from grafana_foundation_sdk.models.alerting import RelativeTimeRange

from deploy.grafana.boards import FIGURES_FOLDER
from deploy.grafana.panels import FIGURES, Sql

UNCOVERED_FTE = 10.0
"""Above so many FTE for which nobody stands in somebody is told. Yours to change."""
WATCHED = ("vacancies", "leavers", "agency-worker-rate")
"""The measures whose control charts are watched."""
SECONDS_BACK = 600


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: it fires of each authority (and what else tells its rows apart) whose number is above `above`."""

    name: str
    summary: str
    query: str
    above: float
    board: str


UNCOVERED = """\
SELECT authority.authority, round(sum(stock.uncovered_vacancies), 1) AS value
FROM reporting.authority
CROSS JOIN LATERAL reporting.stock(authority.authority, (now() AT TIME ZONE 'UTC')::date, now()) AS stock
GROUP BY authority.authority"""

# A signal that the month before had, too, was told a month ago.
SIGNAL = f"""\
SELECT latest.authority, latest.measure, (
    SELECT count(*) FROM unnest(latest.rules) AS rule (name) WHERE rule.name <> ALL (latest.rules_before)
) AS value
FROM (
    SELECT DISTINCT ON (known.authority, known.measure) known.authority, known.measure, known.rules, known.rules_before
    FROM (
        SELECT
            authority,
            measure,
            month_end,
            rules,
            coalesce(lag(rules) OVER (PARTITION BY authority, measure ORDER BY month_end), '{{}}') AS rules_before
        FROM reporting.monthly_figure
        WHERE dimension = '' AND value IS NOT NULL AND measure IN ({", ".join(f"'{measure}'" for measure in WATCHED)})
    ) AS known
    ORDER BY known.authority, known.measure, known.month_end DESC
) AS latest"""  # noqa: S608 - written here, from constants

RULES = (
    Rule(
        "UncoveredVacancies",
        "nobody covers {{ $values.A.Value }} FTE of the vacancies of authority {{ $labels.authority }}",
        UNCOVERED,
        UNCOVERED_FTE,
        "workforce-vacancies",
    ),
    Rule(
        "ControlChartSignal",
        "{{ $labels.measure }} of authority {{ $labels.authority }} changed in the last month by more than chance",
        SIGNAL,
        0,
        "workforce-retention",
    ),
)


def provisioned() -> dict[str, object]:
    """What Grafana reads of the rules: one group, looked at every five minutes."""
    group = {
        "orgId": 1,
        "name": "workforce",
        "folder": FIGURES_FOLDER,
        "interval": "5m",
        "rules": [_as_json(rule) for rule in RULES],
    }
    return {"apiVersion": 1, "groups": [group]}


def _as_json(rule: Rule) -> dict[str, object]:
    made = alerting.Rule(rule.name).uid(f"workforce-{rule.name.lower()}").condition("B")
    made.with_query(_query(rule)).with_query(_above(rule.above))
    # A database that is away is told by Prometheus; an authority without figures has nothing to be told of.
    made.for_val("15m").no_data_state("OK").exec_err_state("Error")
    made.labels({"severity": "warning"})
    made.annotations({"summary": rule.summary, "runbook": f"docs/runbook.md, {rule.name}", "board": f"/d/{rule.board}"})
    # A file says of the group what the API says of each rule.
    document = made.build().to_json()
    return {name: value for name, value in document.items() if name not in ("folderUID", "orgID", "ruleGroup")}


def _query(rule: Rule) -> alerting.Query:
    """The numbers, by authority."""
    since = RelativeTimeRange(from_val=SECONDS_BACK, to=0)
    return alerting.Query("A").datasource_uid(FIGURES.uid or "").relative_time_range(since).model(Sql(rule.query))


def _above(limit: float) -> alerting.Query:
    """Which of them are above the limit."""
    condition = expr.ExprTypeThresholdConditions().evaluator(
        expr.ExprTypeThresholdConditionsEvaluator().type("gt").params([limit])
    )
    of_numbers = expr.TypeThreshold().ref_id("B").expression("A").conditions([condition])
    return alerting.Query("B").datasource_uid("__expr__").model(of_numbers)
