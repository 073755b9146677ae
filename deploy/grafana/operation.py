"""Boards for those who run the system: what comes in, how it is delivered and counted, and whether feeds still come.

Invariant: every metric in them is in the catalogue (telemetry.py of the chassis and of metrics), and is described in
the words of the catalogue.
"""

from deploy.grafana.boards import OPERATION_FOLDER, Board, Choice
from deploy.grafana.panels import (
    BLUE,
    COUNT,
    ORANGE,
    SECONDS,
    VERMILLION,
    Graph,
    Part,
    Thresholds,
    figure,
    graph,
    promql,
)
from services.metrics.telemetry import MetricsTelemetry

MEANINGS = {family.name: family.documentation for family in MetricsTelemetry().registry.collect()}
"""What each metric of the catalogue means. A counter's name is without its ending _total here."""

PER_SECOND = "suffix: /s"
GOOD_OR_BAD = ((0.0, BLUE), (1.0, VERMILLION))
LATENCY = 'sum by (le) (rate(workforce_origin_to_figure_seconds_bucket{service=~"$service"}[$__rate_interval]))'
ANSWERS = 'sum by (le, service) (rate(workforce_http_request_seconds_bucket{service=~"$service"}[$__rate_interval]))'
OF_SERVICE = '{service=~"$service"}'
OF_AUTHORITY = '{authority=~"$authority"}'
DAY = 86_400.0

SERVICE = Choice(
    "service",
    "service",
    "Of which services.",
    'label_values(up{job="workforce"}, service)',
    several=True,
    of_operation=True,
)
AUTHORITY = Choice(
    "authority",
    "authority",
    "Whose feeds.",
    "label_values(workforce_feed_last_accepted_timestamp_seconds, authority)",
    several=True,
    of_operation=True,
)


def _over_time(
    title: str, metric: str, unit: str, query: str, legend: str, *, more: str = "", thresholds: Thresholds = ()
) -> Graph:
    means = f"{MEANINGS[metric]} {more}".strip()
    return Graph(graph(title, means, [promql(query, legend)], unit, thresholds=thresholds))


def _rate(counter: str, label: str, title: str) -> Graph:
    query = f"sum by (service, {label}) (rate(workforce_{counter}_total{OF_SERVICE}[$__rate_interval]))"
    return _over_time(title, f"workforce_{counter}", PER_SECOND, query, f"{{{{service}}}} {{{{{label}}}}}")


UP = figure(
    "services that answer",
    "Prometheus asks each service for its metrics every 15 seconds.",
    promql('up{job="workforce", service=~"$service"}', "{{service}}", latest=True),
    COUNT,
    width=12,
    thresholds=((0.0, VERMILLION), (1.0, BLUE)),
    words=((0, "down"), (1, "up")),
)
ALERTS = figure(
    "alerts firing",
    "Each is explained in docs/runbook.md under its name.",
    promql('count(ALERTS{alertstate="firing"}) or vector(0)', "alerts", latest=True),
    COUNT,
    width=12,
    thresholds=GOOD_OR_BAD,
)
HALTED = figure(
    "consumers stopped",
    MEANINGS["workforce_consumer_halted"],
    promql(f"workforce_consumer_halted{OF_SERVICE}", "{{service}}", latest=True),
    COUNT,
    width=6,
    thresholds=GOOD_OR_BAD,
    words=((0, "no"), (1, "stopped")),
)
MISSING = figure(
    "events missing",
    MEANINGS["workforce_inbox_missing_events"],
    promql(
        f"sum by (service, owner) (workforce_inbox_missing_events{OF_SERVICE})", "{{service}} of {{owner}}", latest=True
    ),
    COUNT,
    width=6,
    thresholds=GOOD_OR_BAD,
)
OPEN = figure(
    "dead letters open",
    MEANINGS["workforce_dead_letters_open"],
    promql(f"sum by (service) (workforce_dead_letters_open{OF_SERVICE}) or vector(0)", "{{service}}", latest=True),
    COUNT,
    width=6,
    thresholds=GOOD_OR_BAD,
)
UNDERIVABLE = figure(
    "timelines that cannot be derived",
    MEANINGS["workforce_timelines_underivable"],
    promql("sum by (service) (workforce_timelines_underivable)", "{{service}}", latest=True),
    COUNT,
    width=6,
    thresholds=GOOD_OR_BAD,
)

INTAKE = Board(
    uid="workforce-intake",
    title="Intake",
    description="What comes in at the doors: events accepted and rejected, the journal, how soon callers are answered.",
    folder=OPERATION_FOLDER,
    since="now-6h",
    refresh="30s",
    parts=(
        UP,
        ALERTS,
        _rate("accepted", "type", "events accepted"),
        _rate("rejected", "reason", "events rejected"),
        _rate("already_known", "type", "events sent again"),
        _over_time(
            "age of the journal",
            "workforce_journal_age_seconds",
            SECONDS,
            f"workforce_journal_age_seconds{OF_SERVICE}",
            "{{service}}",
            more="From a minute on somebody is told (the alert JournalNotPublished).",
            thresholds=((0.0, BLUE), (60.0, VERMILLION)),
        ),
        _over_time(
            "events not yet on Kafka",
            "workforce_journal_unpublished",
            COUNT,
            f"workforce_journal_unpublished{OF_SERVICE}",
            "{{service}}",
        ),
        _over_time(
            "time to answer",
            "workforce_http_request_seconds",
            SECONDS,
            f"histogram_quantile(0.99, {ANSWERS})",
            "{{service}}: 99 of 100 within (p99)",
        ),
        _rate("http_turned_away", "limit", "connections turned away"),
    ),
    choices=(SERVICE,),
)


def _latency() -> Part:
    means = MEANINGS["workforce_origin_to_figure_seconds"]
    queries = [
        promql(f"histogram_quantile(0.5, {LATENCY})", "half within (p50)", ref="A"),
        promql(f"histogram_quantile(0.99, {LATENCY})", "99 of 100 within (p99)", ref="B"),
    ]
    more = "After Kafka was away, or a journal was published again, it shows how long the events had waited."
    return Graph(graph("from accepted to counted", f"{means} {more}", queries, SECONDS))


DELIVERY = Board(
    uid="workforce-delivery",
    title="Delivery",
    description="From Kafka to figures: consumers, dead letters, timelines, and how long until an event counts.",
    folder=OPERATION_FOLDER,
    since="now-6h",
    refresh="30s",
    parts=(
        HALTED,
        MISSING,
        OPEN,
        UNDERIVABLE,
        _over_time(
            "records before the consumers",
            "workforce_consumer_lag_records",
            COUNT,
            f"sum by (service, topic) (workforce_consumer_lag_records{OF_SERVICE})",
            "{{service}} {{topic}}",
            more="From 100 on, where it grows, somebody is told (the alert ConsumerLagGrowing).",
            thresholds=((0.0, BLUE), (100.0, ORANGE)),
        ),
        _latency(),
        _over_time(
            "timelines to derive",
            "workforce_timelines_queued",
            COUNT,
            "workforce_timelines_queued",
            "{{service}}",
        ),
        _over_time(
            "figures complete until so long ago",
            "workforce_complete_until_timestamp_seconds",
            SECONDS,
            f"time() - workforce_complete_until_timestamp_seconds{OF_SERVICE}",
            "{{service}}",
            thresholds=((0.0, BLUE), (60.0, ORANGE)),
        ),
        _over_time(
            "dead letters",
            "workforce_dead_letters",
            COUNT,
            f"sum by (service, topic, cause) (workforce_dead_letters_total{OF_SERVICE})",
            "{{service}} {{topic}} {{cause}}",
            more="Since the service was started.",
        ),
        _rate("consumed", "topic", "records consumed"),
        _rate("published", "topic", "events published"),
        _over_time(
            "journals published again",
            "workforce_journal_replays",
            COUNT,
            f"workforce_journal_replays_total{OF_SERVICE}",
            "{{service}}",
        ),
    ),
    choices=(SERVICE,),
)

FEEDS = Board(
    uid="workforce-feeds",
    title="Feeds",
    description="When each feed of each authority last came, and of when its newest record is.",
    folder=OPERATION_FOLDER,
    since="now-90d",
    refresh="5m",
    parts=(
        figure(
            "feeds that have not come for 35 days",
            "A month was left out: the alert FeedStopped tells of each.",
            promql(
                "count(time() - max by (authority, source) "
                f"(workforce_feed_last_accepted_timestamp_seconds{OF_AUTHORITY}) > 35 * 86400) or vector(0)",
                "feeds",
                latest=True,
            ),
            COUNT,
            width=12,
            thresholds=GOOD_OR_BAD,
        ),
        figure(
            "feeds left out",
            MEANINGS["workforce_feeds_left_out"],
            promql("sum(workforce_feeds_left_out)", "feeds", latest=True),
            COUNT,
            width=12,
            thresholds=GOOD_OR_BAD,
        ),
        _over_time(
            "how long ago each feed last came",
            "workforce_feed_last_accepted_timestamp_seconds",
            SECONDS,
            f"time() - max by (authority, source) (workforce_feed_last_accepted_timestamp_seconds{OF_AUTHORITY})",
            "{{authority}} {{source}}",
            thresholds=((0.0, BLUE), (35 * DAY, VERMILLION)),
        ),
        _over_time(
            "how old the newest record of each feed is",
            "workforce_feed_recorded_until_timestamp_seconds",
            SECONDS,
            f"time() - max by (authority, source) (workforce_feed_recorded_until_timestamp_seconds{OF_AUTHORITY})",
            "{{authority}} {{source}}",
            more="Three months after it figures are marked stale.",
            thresholds=((0.0, BLUE), (91 * DAY, ORANGE)),
        ),
    ),
    choices=(AUTHORITY,),
)
