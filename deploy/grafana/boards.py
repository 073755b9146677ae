"""Boards: panels in rows, the lists to choose from, and the way to our pages.

Invariant: nothing is chosen by free text. Every list comes from the data.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard as model

from deploy.grafana.panels import FIGURES, OPERATION, TABLE_WIDTH, Graph, Part, Sql, table_of

PAGES = "http://127.0.0.1:8100"
"""Where the pages are for those who look at the boards: `make up` has them there. Behind a proxy, its address."""
FIGURES_FOLDER, OPERATION_FOLDER = "Figures", "Operation"


@dataclass(frozen=True, slots=True)
class Choice:
    """A list to choose from. Queries have what was chosen as `${name:sqlstring}`, quoted by Grafana."""

    name: str
    label: str
    description: str
    query: str
    several: bool = False
    """Several may be chosen; all of them, where nobody chose."""
    of_operation: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """What is marked on every graph of a board: a query that gives time, text and, it may be, timeend."""

    name: str
    query: str
    colour: str


@dataclass(frozen=True, slots=True)
class Board:
    """One board. `since` is where its time begins, as now-5y; `refresh` how often it looks again, as 30s."""

    uid: str
    title: str
    description: str
    folder: str
    since: str
    refresh: str
    parts: tuple[Part, ...]
    choices: tuple[Choice, ...] = ()
    marks: tuple[Mark, ...] = ()
    page: str | None = None
    """Where of our pages more stands, with the choices in its address."""


def built(board: Board) -> model.Dashboard:
    """What Grafana reads of a board."""
    made = dashboard.Dashboard(board.title).uid(board.uid).description(board.description).readonly()
    # Dates as at which figures are true have no time zone: midnight in UTC stands for each.
    made.time(board.since, "now").refresh(board.refresh).timezone("utc").tags(["workforce"])
    made.tooltip(model.DashboardCursorSync.CROSSHAIR)
    for choice in board.choices:
        made.with_variable(_list(choice))
    if board.page is not None:
        made.with_variable(dashboard.ConstantVariable("pages").value(PAGES))
        more = dashboard.DashboardLink("More on our pages").type(model.DashboardLinkType.LINK)
        made.link(more.url(f"${{pages}}{board.page}").target_blank(True))
    others = dashboard.DashboardLink("Other boards").type(model.DashboardLinkType.DASHBOARDS)
    made.link(others.tags(["workforce"]).as_dropdown(True))
    for mark in board.marks:
        query = dashboard.AnnotationQuery().name(mark.name).datasource(FIGURES).enable(True).icon_color(mark.colour)
        made.annotation(query.target(Sql(mark.query)))
    for panel in _in_rows(board.parts):
        made.with_panel(panel)
    document = made.build()
    for shown in (*(document.links or ()), *(document.annotations.list_val or () if document.annotations else ())):
        # Above the panels, where everybody sees it; the library would put it into a menu.
        shown.placement = None
    return document


def _in_rows(parts: tuple[Part, ...]) -> Iterator[Builder[model.Panel]]:
    """The panels, numbered, each graph with its table behind it."""
    numbers = count(1)
    for part in parts:
        if isinstance(part, Graph):
            yield part.panel.id(next(numbers))
            beside = table_of(part.panel.build()) if part.beside is None else part.beside.span(TABLE_WIDTH)
            yield beside.id(next(numbers))
        else:
            yield part.id(next(numbers))


def _list(choice: Choice) -> dashboard.QueryVariable:
    variable = dashboard.QueryVariable(choice.name).label(choice.label).description(choice.description)
    variable.datasource(OPERATION if choice.of_operation else FIGURES).query(choice.query)
    variable.refresh(model.VariableRefresh.ON_DASHBOARD_LOAD).sort(model.VariableSort.DISABLED).allow_custom_value(
        False
    )
    if choice.several:
        everything = model.VariableOption(selected=True, text=["All"], value=["$__all"])
        variable.multi(True).include_all(True).current(everything)
    return variable
