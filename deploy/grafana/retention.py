"""The board of retention: do people stay, who leaves, why, and from where."""

from contracts.codes import Destination, LeavingReason
from deploy.grafana import figures
from deploy.grafana.boards import FIGURES_FOLDER, Board
from deploy.grafana.figures import (
    at_the_date,
    at_two_dates,
    coloured,
    control_chart,
    link_to,
    linked_by,
    monthly,
    over_time,
    split_over_time,
    stacked_by,
    words,
)
from deploy.grafana.marks import INITIATIVES
from deploy.grafana.panels import BLUE, COUNT, ORANGE, PERCENT, VERMILLION, Graph, figure, graph, listing
from services.metrics.measures.catalogue import CODED

TURNOVER = ((0.0, BLUE), (15.0, ORANGE), (20.0, VERMILLION))
"""Per cent that leave in a year: a seventh is much, a fifth is very much. Yours to change."""
STABILITY = ((0.0, VERMILLION), (80.0, ORANGE), (85.0, BLUE))

RATES = ("turnover-rate", "turnover-rate-headcount", "crude-turnover", "stability-index", "retention-of-starters")
LIMITS = {"turnover-rate": TURNOVER, "stability-index": STABILITY}

RETENTION = Board(
    uid="workforce-retention",
    title="Retention",
    description="Turnover by each of its definitions, stability, and who leaves: why, where to, from where.",
    folder=FIGURES_FOLDER,
    since="now-5y",
    refresh="",
    parts=(
        *(
            figure(
                words(rate),
                monthly(rate),
                at_the_date(rate),
                PERCENT,
                width=5 if rate != "turnover-rate" else 4,
                decimals=1,
                thresholds=LIMITS.get(rate, ()),
                link=link_to(rate),
            )
            for rate in RATES
        ),
        Graph(
            graph(
                "turnover, by three definitions, and stability",
                monthly(*RATES[:4]) + "\n\nEach point is of the twelve months up to it.",
                [over_time(*RATES[:4])],
                PERCENT,
                decimals=1,
                looks=coloured(RATES[:4]),
            )
        ),
        control_chart("leavers", COUNT),
        stacked_by("leavers by reason", "leavers", "leaving_reason", [reason.value for reason in LeavingReason]),
        stacked_by(
            "leavers by destination", "leavers", "destination", [destination.value for destination in Destination]
        ),
        stacked_by("leavers by length of service", "leavers", "length_of_service", CODED["length_of_service"]),
        listing(
            "turnover rate by role, as at ${as_at} and ${compare_with}",
            monthly("turnover-rate"),
            at_two_dates("turnover-rate", "role"),
            linked_by("role", "turnover-rate"),
            unit=PERCENT,
            decimals=1,
            width=12,
        ),
        listing(
            "turnover rate by team, as at ${as_at} and ${compare_with}",
            monthly("turnover-rate"),
            at_two_dates("turnover-rate", "team"),
            linked_by("team", "turnover-rate"),
            unit=PERCENT,
            decimals=1,
            width=12,
        ),
        Graph(
            graph(
                "leavers by role",
                monthly("leavers"),
                [split_over_time("leavers", "role", chosen=True)],
                COUNT,
                stacked=True,
            )
        ),
        Graph(
            graph(
                "starters by role",
                monthly("starters"),
                [split_over_time("starters", "role", chosen=True)],
                COUNT,
                stacked=True,
            )
        ),
    ),
    choices=(figures.AUTHORITY, figures.AS_AT, figures.COMPARE, figures.ROLE, figures.TEAM),
    marks=INITIATIVES,
    page="/retention?authority=${authority}&as_at=${as_at}",
)
