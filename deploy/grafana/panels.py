"""The parts of our boards: Grafana's own builders, with the look of all of ours in one place.

Invariant: Grafana's own library writes what Grafana reads. The same parts give the same text, byte for byte.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from grafana_foundation_sdk.builders import common as of_common
from grafana_foundation_sdk.builders import dashboard, prometheus, stat, table, timeseries, trend
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.runtime import UnknownDataquery
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models import dashboard as model

FIGURES = common.DataSourceRef(type_val="grafana-postgresql-datasource", uid="workforce-figures")
OPERATION = common.DataSourceRef(type_val="prometheus", uid="workforce-operation")
SAME_BOARD = common.DataSourceRef(type_val="datasource", uid="-- Dashboard --")
"""What another panel of the board has found: a table beside a graph shows the same numbers."""

# Okabe and Ito's colours, which people with any kind of colour vision tell apart.
BLUE, ORANGE, VERMILLION, GREY = "#0072B2", "#E69F00", "#D55E00", "#999999"
COLOURS = (BLUE, ORANGE, "#009E73", "#CC79A7", "#56B4E9", VERMILLION, "#F0E442")

FTE, PERCENT, POUNDS, COUNT, SECONDS = "suffix: FTE", "percent", "currencyGBP", "short", "s"
GRAPH_WIDTH, TABLE_WIDTH, HEIGHT = 14, 10, 10

Thresholds = tuple[tuple[float, str], ...]
"""From which value on which colour; the lowest first."""
Panel = stat.Panel | table.Panel | timeseries.Panel | trend.Panel
AnyQuery = Builder[Dataquery]


class Sql(Builder[Dataquery]):
    """A query of the figures. `over_time`: its rows are time, name, value, or time and one column for each series."""

    def __init__(self, text: str, *, over_time: bool = False) -> None:
        self.text = text
        self.over_time = over_time

    def build(self) -> Dataquery:
        """What Grafana's PostgreSQL data source reads. (Its library knows other sources, and not this one.)"""
        rows = "time_series" if self.over_time else "table"
        query = {"editorMode": "code", "format": rows, "rawQuery": True, "rawSql": self.text, "refId": "A"}
        return UnknownDataquery({**query, "datasource": FIGURES})


def promql(text: str, legend: str, *, latest: bool = False, ref: str = "A") -> prometheus.Dataquery:
    """A query of the operation. `legend` names its series; `latest` asks for the newest value alone."""
    query = prometheus.Dataquery().datasource(OPERATION).expr(text).legend_format(legend).ref_id(ref)
    return query.instant() if latest else query.range()


@dataclass(frozen=True, slots=True)
class Look:
    """How one series, by its name, looks."""

    name: str
    colour: str
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """How one column of a table differs: unit, decimals, where a click leads, or that it is there for links alone."""

    name: str
    unit: str | None = None
    decimals: int | None = None
    link: str | None = None
    hidden: bool = False
    thresholds: Thresholds = ()


@dataclass(frozen=True, slots=True)
class Graph:
    """A graph with a table of the same numbers beside it; `beside` where that is another than the graph's own rows."""

    panel: timeseries.Panel | trend.Panel
    beside: table.Panel | None = None


Part = Panel | Graph


def figure(
    title: str,
    description: str,
    query: AnyQuery,
    unit: str,
    *,
    width: int,
    decimals: int = 0,
    thresholds: Thresholds = (),
    words: Sequence[tuple[int, str]] = (),
    link: str | None = None,
) -> stat.Panel:
    """One number, large. `words` say what a value is called, as (1, "yes")."""
    panel = stat.Panel().title(title).description(description).datasource(_source(query)).with_target(query)
    panel.unit(unit).decimals(decimals).span(width).height(4).graph_mode(common.BigValueGraphMode.NONE)
    panel.reduce_options(of_common.ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(False))
    panel.color_scheme(dashboard.FieldColor().mode(model.FieldColorModeId.FIXED).fixed_color("text"))
    if thresholds:
        panel.thresholds(_rising(title, thresholds))
        panel.color_scheme(dashboard.FieldColor().mode(model.FieldColorModeId.THRESHOLDS))
    if words:
        panel.mappings([_named(words)])
    if link:
        panel.data_links([_link("What is behind it", link)])
    return panel


def listing(
    title: str,
    description: str,
    query: AnyQuery,
    columns: Sequence[Column] = (),
    *,
    unit: str = COUNT,
    decimals: int | None = None,
    width: int = 24,
    height: int = HEIGHT,
) -> table.Panel:
    """A table."""
    panel = table.Panel().title(title).description(description).datasource(_source(query)).with_target(query)
    panel.unit(unit).span(width).height(height).filterable(False).cell_height(common.TableCellHeight.SM)
    if decimals is not None:
        panel.decimals(decimals)
    for column in columns:
        panel.override_by_name(column.name, _properties_of(title, column))
    return panel


def graph(
    title: str,
    description: str,
    queries: Sequence[AnyQuery],
    unit: str,
    *,
    decimals: int | None = None,
    stacked: bool = False,
    looks: Sequence[Look] = (),
    thresholds: Thresholds = (),
) -> timeseries.Panel:
    """Lines over time, or bars that stand on one another."""
    panel = timeseries.Panel().unit(unit).span_nulls(False)
    _draw(panel, title, description, queries, looks)
    panel.stacking(of_common.StackingConfig().mode(common.StackingMode.NONE).group("A"))
    if decimals is not None:
        panel.decimals(decimals)
    if stacked:
        panel.draw_style(common.GraphDrawStyle.BARS).fill_opacity(90).line_width(1)
        panel.stacking(of_common.StackingConfig().mode(common.StackingMode.NORMAL).group("A"))
    if thresholds:
        style = of_common.GraphThresholdsStyleConfig().mode(common.GraphThresholdsStyleMode.DASHED)
        panel.thresholds(_rising(title, thresholds)).thresholds_style(style)
    return panel


def curve(
    title: str, description: str, query: AnyQuery, unit: str, x: str, *, looks: Sequence[Look] = ()
) -> trend.Panel:
    """Lines over a column of numbers, as months of service."""
    panel = trend.Panel().unit(unit).x_field(x)
    _draw(panel, title, description, [query], looks)
    return panel


def table_of(panel: model.Panel) -> table.Panel:
    """A table of what a graph has found."""
    assert panel.id_val is not None  # noqa: S101
    query = {"refId": "A", "datasource": SAME_BOARD, "panelId": panel.id_val, "withTransforms": False}
    beside = table.Panel().title(f"{panel.title}: the numbers").description(f"As in the graph. {panel.description}")
    beside.datasource(SAME_BOARD).with_target(_Made(UnknownDataquery(query)))
    defaults = panel.field_config.defaults if panel.field_config else model.FieldConfig()
    beside.unit(defaults.unit or COUNT).span(TABLE_WIDTH).height(HEIGHT).cell_height(common.TableCellHeight.SM)
    if defaults.decimals is not None:
        beside.decimals(defaults.decimals)
    if panel.datasource == OPERATION:
        # Prometheus gives each series by itself: one row for each time.
        beside.with_transformation(model.DataTransformerConfig(id_val="joinByField", options={"mode": "outer"}))
    return beside


class _Made(Builder[Dataquery]):
    """A query that needs no building."""

    def __init__(self, query: Dataquery) -> None:
        self._query = query

    def build(self) -> Dataquery:
        return self._query


def _draw(
    panel: timeseries.Panel | trend.Panel,
    title: str,
    description: str,
    queries: Sequence[AnyQuery],
    looks: Sequence[Look],
) -> None:
    """What all graphs have."""
    panel.title(title).description(description).datasource(_source(queries[0])).min(0)
    panel.color_scheme(dashboard.FieldColor().mode(model.FieldColorModeId.PALETTE_CLASSIC))
    panel.span(GRAPH_WIDTH).height(HEIGHT).line_width(2).fill_opacity(0)
    for query in queries:
        panel.with_target(query)
    legend = of_common.VizLegendOptions().display_mode(common.LegendDisplayMode.LIST).show_legend(True)
    panel.legend(legend.placement(common.LegendPlacement.BOTTOM).calcs([]))
    panel.tooltip(of_common.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI).sort(common.SortOrder.DESCENDING))
    for look in looks:
        properties = [_property("color", {"mode": "fixed", "fixedColor": look.colour})]
        if look.dashed:
            properties.append(_property("custom.lineStyle", {"fill": "dash", "dash": [10, 6]}))
        panel.override_by_name(look.name, properties)


def _source(query: AnyQuery) -> common.DataSourceRef:
    return FIGURES if isinstance(query, Sql) else OPERATION


def _link(title: str, url: str) -> dashboard.DashboardLink:
    return dashboard.DashboardLink(title).url(url).target_blank(True)


def _property(name: str, value: object) -> model.DynamicConfigValue:
    return model.DynamicConfigValue(id_val=name, value=value)


def _properties_of(title: str, column: Column) -> list[model.DynamicConfigValue]:
    """What one column of a table has that others have not."""
    properties = {
        "unit": column.unit,
        "decimals": column.decimals,
        "custom.hidden": column.hidden or None,
        "links": [{"title": "What is behind it", "url": column.link, "targetBlank": True}] if column.link else None,
        "thresholds": _rising(title, column.thresholds).build() if column.thresholds else None,
        "custom.cellOptions": {"type": "color-text"} if column.thresholds else None,
    }
    return [_property(name, value) for name, value in properties.items() if value is not None]


def _rising(title: str, thresholds: Thresholds) -> dashboard.ThresholdsConfig:
    for (lower, _), (higher, _) in pairwise(thresholds):
        if lower >= higher:
            raise ValueError(f"the thresholds of {title!r} do not rise")
    # Grafana's lowest step has no value: it holds of all that is below the next.
    steps = [
        model.Threshold(value=value if number else None, color=colour)
        for number, (value, colour) in enumerate(thresholds)
    ]
    return dashboard.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(steps)


def _named(words: Sequence[tuple[int, str]]) -> model.ValueMap:
    named = {str(value): model.ValueMappingResult(text=word, index=index) for index, (value, word) in enumerate(words)}
    return model.ValueMap(options=named)
