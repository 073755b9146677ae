"""The board of data quality: what to mend, how late records are, and when each feed last came."""

from deploy.grafana import figures
from deploy.grafana.boards import FIGURES_FOLDER, Board, Choice
from deploy.grafana.panels import BLUE, COUNT, ORANGE, VERMILLION, Column, Graph, Sql, figure, graph, listing
from services.metrics.quality.declaration import SEVERITIES, Severity

KNOWN = "As known then: what was recorded later changes nothing of it."
KNOWN_ON = Choice(
    "known_on",
    "as known at",
    "What was found by then: now, or at the end of one of the last four quarters.",
    """\
SELECT CASE WHEN known_on = 'infinity' THEN 'now' ELSE known_on::text END AS __text, known_on::text AS __value
FROM reporting.quality
WHERE authority = ${authority:sqlstring}
ORDER BY known_on DESC""",
)
THEN = "authority = ${authority:sqlstring} AND known_on = ${known_on:sqlstring}::date"
FOUND = ((0.0, BLUE), (1.0, ORANGE), (20.0, VERMILLION))
SHORT = {
    Severity.MOVES: "move a figure",
    Severity.MAY_MOVE: "may move a figure",
    Severity.INFORMATION: "for information",
}


def _count_of(severity: Severity) -> Sql:
    return Sql(f"""\
SELECT coalesce(sum(findings), 0) AS "findings"
FROM reporting.finding
WHERE {THEN} AND severity = '{severity}'""")  # noqa: S608 - written here, from constants


FINDINGS = Sql(f"""\
SELECT title AS "what was found", replace(severity, '-', ' ') AS "severity", findings AS "findings"
FROM reporting.finding
WHERE {THEN}
ORDER BY findings DESC, title""")  # noqa: S608 - written here, from constants

_COUNTED = ",\n".join(
    f"    coalesce(sum(findings) FILTER (WHERE severity = '{severity}'), 0) AS \"{short}\""
    for severity, short in SHORT.items()
)
OVER_TIME = Sql(f"""\
SELECT
    CASE WHEN known_on = 'infinity' THEN 'now' ELSE known_on::text END AS "as known at",
{_COUNTED}
FROM reporting.quality
LEFT JOIN reporting.finding USING (authority, known_on)
WHERE authority = ${{authority:sqlstring}}
GROUP BY known_on
ORDER BY known_on DESC""")  # noqa: S608 - written here, from constants

LATENESS = Sql(f"""\
SELECT
    replace(split_part(event_type, '.', 3) || ' ' || split_part(event_type, '.', 4), '-', ' ') AS "what was recorded",
    events AS "records",
    late AS "entered late",
    median_days_late AS "days late, half of these within"
FROM reporting.lateness
WHERE {THEN} AND late > 0
ORDER BY late DESC, event_type""")  # noqa: S608 - written here, from constants

FEEDS = Sql("""\
SELECT
    source AS "feed",
    topic AS "topic",
    events AS "records",
    first_recorded_at AS "oldest record",
    last_recorded_at AS "newest record",
    last_accepted_at AS "last came"
FROM reporting.feed
WHERE authority = ${authority:sqlstring}
ORDER BY last_accepted_at, source, topic""")

NEWEST = Sql(
    """\
SELECT last_recorded_at AS "time", replace(topic, 'workforce.', '') || ' of ' || source AS metric, events AS value
FROM reporting.feed
WHERE authority = ${authority:sqlstring}
ORDER BY last_recorded_at, metric""",
    over_time=True,
)

# Milliseconds since 1970: a panel of one number shows numbers alone.
WRITTEN_DOWN = Sql("""\
SELECT round(extract(epoch FROM as_known_at) * 1000) AS "as known at"
FROM reporting.reported
WHERE authority = ${authority:sqlstring}""")

INSTANT = "time:YYYY-MM-DD HH:mm"

QUALITY = Board(
    uid="workforce-quality",
    title="Data quality",
    description="What the records cannot agree on, how late they are, and when each feed last came.",
    folder=FIGURES_FOLDER,
    since="now-5y",
    refresh="",
    parts=(
        *(
            figure(
                f"findings that {SHORT[severity]}"
                if severity is not Severity.INFORMATION
                else f"findings {SHORT[severity]}",
                f"{SEVERITIES[severity]} {KNOWN}",
                _count_of(severity),
                COUNT,
                width=6,
                thresholds=FOUND if severity is not Severity.INFORMATION else (),
            )
            for severity in SEVERITIES
        ),
        figure(
            "written down as known at",
            "As known when the boards of this folder show rates and cohorts, and findings where now is chosen.",
            WRITTEN_DOWN,
            INSTANT,
            width=6,
        ),
        listing(
            "what to mend",
            f"By check. GET /v1/quality names each record, what would mend it, and what that moves. {KNOWN}",
            FINDINGS,
            (Column("findings", thresholds=FOUND),),
        ),
        listing(
            "findings as known now, and at the ends of the last quarters",
            f"Whether there is less to mend than there was. {KNOWN}",
            OVER_TIME,
            (
                Column("move a figure", thresholds=FOUND),
                Column("may move a figure", thresholds=FOUND),
            ),
            height=7,
        ),
        listing(
            "how late records are entered",
            f"Of each kind of record, how many were entered late, and by how many days. {KNOWN}",
            LATENESS,
            (Column("days late, half of these within", decimals=1),),
        ),
        Graph(
            graph(
                "records of each feed, at the day of the newest",
                "A point to the left of the others is a feed that has stopped: see the alert FeedStopped.",
                [NEWEST],
                COUNT,
            ),
            listing(
                "feeds, the one that came longest ago first",
                "What each feed (the source its records state) has sent, topic by topic, and when it last came.",
                FEEDS,
                tuple(Column(name, unit=INSTANT) for name in ("oldest record", "newest record", "last came")),
            ),
        ),
    ),
    choices=(figures.AUTHORITY, KNOWN_ON),
    page="/quality?authority=${authority}",
)
