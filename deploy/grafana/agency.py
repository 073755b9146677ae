"""The board of agency cover: how many workers, what they cover, what they cost, and who is employed in the end."""

from contracts.codes import CoverReason
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
from deploy.grafana.panels import BLUE, COUNT, FTE, ORANGE, PERCENT, POUNDS, VERMILLION, Graph, figure, graph, listing
from services.metrics.measures.catalogue import CODED

RATE = ((0.0, BLUE), (15.0, ORANGE), (20.0, VERMILLION))
"""Per cent of those who work that an agency supplies. Yours to change."""

TOTALS = {
    "agency": FTE,
    "agency-cover": FTE,
    "agency-worker-rate": PERCENT,
    "agency-cost": POUNDS,
    "agency-conversions": COUNT,
}
PARTS = ("agency", "agency-cost")

AGENCY = Board(
    uid="workforce-agency",
    title="Agency",
    description="Agency workers: how many, what for, what they cost, and who is employed in the end.",
    folder=FIGURES_FOLDER,
    since="now-5y",
    refresh="",
    parts=(
        *(
            figure(
                f"{words(name)} in the month" if name in ("agency-cost", "agency-conversions") else words(name),
                monthly(name),
                at_the_date(name),
                unit,
                width=5 if name != "agency" else 4,
                decimals=0 if unit in (POUNDS, COUNT) else 1,
                thresholds=RATE if name == "agency-worker-rate" else (),
                link=link_to(name) if unit in (FTE, PERCENT) else None,
            )
            for name, unit in TOTALS.items()
        ),
        Graph(
            graph(
                "agency workers, and those of them who cover vacancies",
                monthly("agency", "agency-cover"),
                [over_time("agency", "agency-cover")],
                FTE,
                decimals=1,
                looks=coloured(("agency", "agency-cover")),
            )
        ),
        control_chart("agency-worker-rate", PERCENT),
        stacked_by(
            "assignments by reason", "agency-headcount", "cover_reason", [reason.value for reason in CoverReason]
        ),
        stacked_by("assignments by how long they have run", "agency-by-tenure", "tenure", CODED["tenure"]),
        Graph(
            graph(
                "cost by agency",
                monthly("agency-cost"),
                [split_over_time("agency-cost", "agency")],
                POUNDS,
                stacked=True,
            )
        ),
        Graph(
            graph(
                "agency workers by role",
                monthly("agency"),
                [split_over_time("agency", "role", chosen=True)],
                FTE,
                decimals=1,
                stacked=True,
            )
        ),
        *(
            listing(
                f"{words(measure)} by {dimension}, as at ${{as_at}} and ${{compare_with}}",
                monthly(measure),
                at_two_dates(measure, dimension),
                linked_by(dimension, measure) if measure == "agency" else linked_by(dimension, measure)[1:],
                unit=TOTALS[measure],
                width=12,
            )
            for dimension in ("role", "team")
            for measure in PARTS
        ),
    ),
    choices=(figures.AUTHORITY, figures.AS_AT, figures.COMPARE, figures.ROLE, figures.TEAM),
    marks=INITIATIVES,
    page="/agency?authority=${authority}&as_at=${as_at}",
)
