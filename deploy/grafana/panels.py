"""The few parts that our dashboards are made of, and the JSON that Grafana reads of each.

Invariant: the JSON is a pure function of the parts: the same dashboard gives the same text, byte for byte.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import Any

Json = dict[str, Any]

FIGURES: Json = {"type": "grafana-postgresql-datasource", "uid": "workforce-figures"}
OPERATION: Json = {"type": "prometheus", "uid": "workforce-operation"}

SCHEMA_VERSION = 41
"""The version of Grafana's dashboard JSON these parts are written for (Grafana 12)."""
COLUMNS = 24
"""How many units of width a row of panels has."""

# Okabe and Ito's colours, which people with any kind of colour vision tell apart.
BLUE = "#0072B2"
VERMILLION = "#D55E00"
COLOURS = (BLUE, "#E69F00", "#009E73", "#CC79A7", "#56B4E9", VERMILLION, "#F0E442")


class Kind(StrEnum):
    """How a panel shows what it found, in Grafana's words."""

    TABLE = "table"
    STAT = "stat"
    OVER_TIME = "timeseries"


@dataclass(frozen=True, slots=True)
class Sql:
    """A query of the figures. `over_time`: its rows are time, name, value, or time and one column for each series."""

    text: str
    over_time: bool = False


@dataclass(frozen=True, slots=True)
class PromQl:
    """A query of the operation. `legend` names its series; `latest` asks for the newest value alone."""

    text: str
    legend: str
    latest: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """How one series or column, by its name, looks."""

    name: str
    colour: str
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel. `unit` is Grafana's name of it, or `suffix:…`. `thresholds` are (from value, colour), lowest first."""

    title: str
    description: str
    kind: Kind
    queries: tuple[Sql | PromQl, ...]
    unit: str
    decimals: int | None = None
    width: int = COLUMNS
    height: int = 8
    stacked_bars: bool = False
    looks: tuple[Look, ...] = ()
    thresholds: tuple[tuple[float, str], ...] = ()
    words: tuple[tuple[int, str], ...] = ()
    """What a value is called, as (1, "yes")."""


@dataclass(frozen=True, slots=True)
class TextBox:
    """A variable that the reader writes. Queries have it as `${name:sqlstring}`, quoted by Grafana."""

    name: str
    label: str
    default: str
    description: str


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One dashboard. `since` is where its time begins, as now-5y; `refresh` how often it looks again, as 30s."""

    uid: str
    title: str
    description: str
    since: str
    refresh: str
    panels: tuple[Panel, ...]
    variables: tuple[TextBox, ...] = field(default=())


def dashboard_json(dashboard: Dashboard) -> Json:
    """What Grafana reads of a dashboard."""
    return {
        "annotations": {"list": []},
        "description": dashboard.description,
        "editable": False,
        "graphTooltip": 1,
        "links": [],
        "panels": _laid_out(dashboard.panels),
        "refresh": dashboard.refresh,
        "schemaVersion": SCHEMA_VERSION,
        "tags": ["workforce"],
        "templating": {"list": [_variable_json(variable) for variable in dashboard.variables]},
        "time": {"from": dashboard.since, "to": "now"},
        # Dates as at which figures are true have no time zone: midnight in UTC stands for each.
        "timezone": "utc",
        "title": dashboard.title,
        "uid": dashboard.uid,
    }


def _laid_out(panels: tuple[Panel, ...]) -> list[Json]:
    """The panels from left to right, row by row."""
    laid_out = []
    across, down, highest = 0, 0, 0
    for number, panel in enumerate(panels, start=1):
        if across + panel.width > COLUMNS:
            across, down, highest = 0, down + highest, 0
        position = {"h": panel.height, "w": panel.width, "x": across, "y": down}
        laid_out.append({"id": number, "gridPos": position, **_panel_json(panel)})
        across, highest = across + panel.width, max(highest, panel.height)
    return laid_out


def _panel_json(panel: Panel) -> Json:
    source = FIGURES if isinstance(panel.queries[0], Sql) else OPERATION
    targets = [
        {"refId": chr(ord("A") + index), "datasource": source, **_query_json(query)}
        for index, query in enumerate(panel.queries)
    ]
    return {
        "type": panel.kind.value,
        "title": panel.title,
        "description": panel.description,
        "datasource": source,
        "targets": targets,
        "fieldConfig": {"defaults": _defaults(panel), "overrides": [_override(look) for look in panel.looks]},
        "options": _options(panel.kind),
    }


def _query_json(query: Sql | PromQl) -> Json:
    if isinstance(query, Sql):
        rows = "time_series" if query.over_time else "table"
        return {"editorMode": "code", "format": rows, "rawQuery": True, "rawSql": query.text}
    return {
        "editorMode": "code",
        "expr": query.text,
        "instant": query.latest,
        "legendFormat": query.legend,
        "range": not query.latest,
    }


def _defaults(panel: Panel) -> Json:
    defaults: Json = {"color": {"mode": "palette-classic"}, "custom": _custom(panel), "min": 0, "unit": panel.unit}
    if panel.decimals is not None:
        defaults["decimals"] = panel.decimals
    if panel.thresholds:
        for (lower, _), (higher, _) in pairwise(panel.thresholds):
            if lower >= higher:
                raise ValueError(f"the thresholds of {panel.title!r} do not rise")
        steps = [{"color": colour, "value": value} for value, colour in panel.thresholds]
        steps[0]["value"] = None
        defaults |= {"color": {"mode": "thresholds"}, "thresholds": {"mode": "absolute", "steps": steps}}
    elif panel.kind is Kind.STAT:
        defaults["color"] = {"mode": "fixed", "fixedColor": "text"}
    if panel.words:
        named = {str(value): {"index": index, "text": word} for index, (value, word) in enumerate(panel.words)}
        defaults["mappings"] = [{"type": "value", "options": named}]
    return defaults


def _custom(panel: Panel) -> Json:
    if panel.kind is Kind.TABLE:
        return {"align": "auto", "cellOptions": {"type": "auto"}, "filterable": False}
    if panel.kind is Kind.STAT:
        return {}
    if panel.stacked_bars:
        stacking = {"group": "A", "mode": "normal"}
        return {"drawStyle": "bars", "fillOpacity": 90, "lineWidth": 1, "stacking": stacking}
    return {
        "drawStyle": "line",
        "fillOpacity": 0,
        "lineWidth": 2,
        "showPoints": "auto",
        "spanNulls": False,
        "stacking": {"group": "A", "mode": "none"},
    }


def _override(look: Look) -> Json:
    properties: list[Json] = [{"id": "color", "value": {"mode": "fixed", "fixedColor": look.colour}}]
    if look.dashed:
        properties.append({"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [10, 6]}})
    return {"matcher": {"id": "byName", "options": look.name}, "properties": properties}


def _options(kind: Kind) -> Json:
    if kind is Kind.TABLE:
        return {"cellHeight": "sm", "showHeader": True}
    if kind is Kind.STAT:
        return {
            "colorMode": "value",
            "graphMode": "none",
            "justifyMode": "center",
            "orientation": "auto",
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
            "textMode": "auto",
        }
    return {
        "legend": {"calcs": ["lastNotNull"], "displayMode": "table", "placement": "right", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }


def _variable_json(variable: TextBox) -> Json:
    chosen = {"selected": True, "text": variable.default, "value": variable.default}
    return {
        "type": "textbox",
        "name": variable.name,
        "label": variable.label,
        "description": variable.description,
        "query": variable.default,
        "current": chosen,
        "options": [chosen],
        "hide": 0,
        "skipUrlSync": False,
    }
