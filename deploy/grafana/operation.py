"""The dashboard of whoever runs the system: is everything that was accepted on its way into the figures?

Invariant: every metric in it stands in the catalogue (telemetry.py of the chassis and of metrics), and is described in
its words.
"""

from deploy.grafana.panels import BLUE, VERMILLION, Dashboard, Kind, Panel, PromQl
from services.metrics.telemetry import MetricsTelemetry

MEANINGS = {family.name: family.documentation for family in MetricsTelemetry().registry.collect()}
"""What each metric of the catalogue means. A counter's name is without its ending _total here."""

COUNT = "short"
SECONDS = "s"
PER_SECOND = "suffix: /s"
GOOD_OR_BAD = ((0.0, BLUE), (1.0, VERMILLION))
LATENCY = "sum by (le) (rate(workforce_origin_to_figure_seconds_bucket[$__rate_interval]))"
ANSWERS = "sum by (le, service) (rate(workforce_http_request_seconds_bucket[$__rate_interval]))"


def _stat(
    title: str,
    description: str,
    query: PromQl,
    thresholds: tuple[tuple[float, str], ...] = GOOD_OR_BAD,
    words: tuple[tuple[int, str], ...] = (),
) -> Panel:
    return Panel(title, description, Kind.STAT, (query,), COUNT, width=6, height=5, thresholds=thresholds, words=words)


def _over_time(title: str, metric: str, unit: str, *queries: PromQl, more: str = "") -> Panel:
    return Panel(title, f"{MEANINGS[metric]} {more}".strip(), Kind.OVER_TIME, queries, unit, width=12)


def _rate(counter: str, label: str, title: str) -> Panel:
    query = f"sum by (service, {label}) (rate(workforce_{counter}_total[$__rate_interval]))"
    return _over_time(title, f"workforce_{counter}", PER_SECOND, PromQl(query, f"{{{{service}}}} {{{{{label}}}}}"))


UP = _stat(
    "services that answer",
    "Prometheus asks each service for its metrics every 15 seconds.",
    PromQl('up{job="workforce"}', "{{service}}", latest=True),
    thresholds=((0.0, VERMILLION), (1.0, BLUE)),
    words=((0, "down"), (1, "up")),
)
HALTED = _stat(
    "consumers stopped",
    MEANINGS["workforce_consumer_halted"],
    PromQl("workforce_consumer_halted", "{{service}}", latest=True),
    words=((0, "no"), (1, "stopped")),
)
MISSING = _stat(
    "events missing",
    MEANINGS["workforce_inbox_missing_events"],
    PromQl("sum by (service, owner) (workforce_inbox_missing_events)", "{{service}} of {{owner}}", latest=True),
)
ALERTS = _stat(
    "alerts firing",
    "Each is explained in docs/runbook.md under its name.",
    PromQl('count(ALERTS{alertstate="firing"}) or vector(0)', "alerts", latest=True),
)

OPERATION_DASHBOARD = Dashboard(
    uid="workforce-operation",
    title="Operation",
    description="From accepted to counted: journals, Kafka, consumers, figures.",
    since="now-6h",
    refresh="30s",
    panels=(
        UP,
        HALTED,
        MISSING,
        ALERTS,
        _over_time(
            "age of the journal",
            "workforce_journal_age_seconds",
            SECONDS,
            PromQl("workforce_journal_age_seconds", "{{service}}"),
        ),
        _over_time(
            "events not yet on Kafka",
            "workforce_journal_unpublished",
            COUNT,
            PromQl("workforce_journal_unpublished", "{{service}}"),
        ),
        _over_time(
            "records before the consumers",
            "workforce_consumer_lag_records",
            COUNT,
            PromQl("sum by (service, topic) (workforce_consumer_lag_records)", "{{service}} {{topic}}"),
        ),
        _over_time(
            "timelines to derive",
            "workforce_timelines_to_derive",
            COUNT,
            PromQl("workforce_timelines_to_derive", "{{service}}"),
        ),
        _over_time(
            "from accepted to counted",
            "workforce_origin_to_figure_seconds",
            SECONDS,
            PromQl(f"histogram_quantile(0.5, {LATENCY})", "half within (p50)"),
            PromQl(f"histogram_quantile(0.99, {LATENCY})", "99 of 100 within (p99)"),
            more="After Kafka was away, or a journal was published again, it shows how long the events had waited.",
        ),
        _over_time(
            "dead letters",
            "workforce_dead_letters",
            COUNT,
            PromQl("sum by (service, topic, cause) (workforce_dead_letters_total)", "{{service}} {{topic}} {{cause}}"),
            more="Since the service was started.",
        ),
        _rate("accepted", "type", "events accepted"),
        _rate("rejected", "reason", "events rejected"),
        _rate("published", "topic", "events published"),
        _rate("consumed", "topic", "records consumed"),
        _over_time(
            "time to answer",
            "workforce_http_request_seconds",
            SECONDS,
            PromQl(f"histogram_quantile(0.99, {ANSWERS})", "{{service}}: 99 of 100 within (p99)"),
        ),
        _rate("http_turned_away", "limit", "connections turned away"),
        _over_time(
            "journals published again",
            "workforce_journal_replays",
            COUNT,
            PromQl("workforce_journal_replays_total", "{{service}}"),
        ),
    ),
)
