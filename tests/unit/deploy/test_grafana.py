"""The boards' parts as Grafana reads them, the command that writes them, and the boards of operation by hand.

Invariant: what Grafana is to read is written here as it documents it, not as the parts happen to give it.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from deploy.grafana import build
from deploy.grafana.boards import Board, Choice, Mark, built
from deploy.grafana.panels import (
    Column,
    Graph,
    Look,
    Part,
    Sql,
    curve,
    figure,
    graph,
    listing,
    promql,
)
from tests.grafana import BOARDS, FIGURES, OPERATION, promql_of

VACANCIES = FIGURES["vacancies"]
OF_SERVICE = '{service=~".*"}'
OF_AUTHORITY = '{authority=~".*"}'


def rate(counter: str, label: str) -> dict[str, str]:
    """How often something happens in a second."""
    query = f"sum by (service, {label}) (rate(workforce_{counter}_total{OF_SERVICE}[1m]))"
    return {query: f"{{{{service}}}} {{{{{label}}}}}"}


LATENCY = f"sum by (le) (rate(workforce_origin_to_figure_seconds_bucket{OF_SERVICE}[1m]))"
ANSWERS = f"sum by (le, service) (rate(workforce_http_request_seconds_bucket{OF_SERVICE}[1m]))"
ACCEPTED, RECORDED = (
    f"time() - max by (authority, source) (workforce_feed_{name}_timestamp_seconds{OF_AUTHORITY})"
    for name in ("last_accepted", "recorded_until")
)
SHOWN: dict[str, dict[str, str]] = {
    "intake": {
        'up{job="workforce", service=~".*"}': "{{service}}",
        'count(ALERTS{alertstate="firing"}) or vector(0)': "alerts",
        **rate("accepted", "type"),
        **rate("rejected", "reason"),
        **rate("already_known", "type"),
        f"workforce_journal_age_seconds{OF_SERVICE}": "{{service}}",
        f"workforce_journal_unpublished{OF_SERVICE}": "{{service}}",
        f"histogram_quantile(0.99, {ANSWERS})": "{{service}}: 99 of 100 within (p99)",
        **rate("http_turned_away", "limit"),
    },
    "delivery": {
        f"workforce_consumer_halted{OF_SERVICE}": "{{service}}",
        f"sum by (service, owner) (workforce_inbox_missing_events{OF_SERVICE})": "{{service}} of {{owner}}",
        f"sum by (service) (workforce_dead_letters_open{OF_SERVICE}) or vector(0)": "{{service}}",
        "sum by (service) (workforce_timelines_underivable)": "{{service}}",
        f"sum by (service, topic) (workforce_consumer_lag_records{OF_SERVICE})": "{{service}} {{topic}}",
        f"histogram_quantile(0.5, {LATENCY})": "half within (p50)",
        f"histogram_quantile(0.99, {LATENCY})": "99 of 100 within (p99)",
        "workforce_timelines_queued": "{{service}}",
        f"time() - workforce_complete_until_timestamp_seconds{OF_SERVICE}": "{{service}}",
        f"sum by (service, topic, cause) (workforce_dead_letters_total{OF_SERVICE})": "{{service}} {{topic}} {{cause}}",
        **rate("consumed", "topic"),
        **rate("published", "topic"),
        f"workforce_journal_replays_total{OF_SERVICE}": "{{service}}",
    },
    "feeds": {
        f"count({ACCEPTED} > 35 * 86400) or vector(0)": "feeds",
        "sum(workforce_feeds_left_out)": "feeds",
        ACCEPTED: "{{authority}} {{source}}",
        RECORDED: "{{authority}} {{source}}",
    },
}
"""What the boards of operation show, and the name of each query's series, where all is chosen."""

BLUE, ORANGE, VERMILLION = "#0072B2", "#E69F00", "#D55E00"


def steps(*colours: tuple[str, float | None]) -> list[dict[str, Any]]:
    """Thresholds as Grafana writes them: the lowest from nothing on."""
    return [{"color": colour, "value": value} for colour, value in colours]


def shown_of(*parts: Part, **named: Any) -> dict[str, Any]:
    """What Grafana reads of a board of these panels."""
    made = built(Board("u", "t", "d", "Figures", "now-1h", "30s", parts, **named))
    read: dict[str, Any] = json.loads(json.dumps(made, cls=JSONEncoder))
    return read


def panel(part: Part) -> dict[str, Any]:
    """What Grafana reads of one panel."""
    first: dict[str, Any] = shown_of(part)["panels"][0]
    return first


def defaults_of(board: str) -> dict[str, dict[str, Any]]:
    """What holds of all series of a panel, by the panel's title."""
    return {item["title"]: item["fieldConfig"]["defaults"] for item in BOARDS[board]["panels"]}


@pytest.mark.parametrize("board", SHOWN)
def test_a_board_of_operation_shows_what_it_is_to_show(board: str) -> None:
    assert dict(promql_of(OPERATION[board])) == SHOWN[board]


@pytest.mark.parametrize(
    ("board", "titles"),
    [
        ("intake", {"alerts firing"}),
        (
            "delivery",
            {"consumers stopped", "events missing", "dead letters open", "timelines that cannot be derived"},
        ),
        ("feeds", {"feeds that have not come for 35 days", "feeds left out"}),
    ],
)
def test_what_is_good_and_what_is_bad_have_their_colours(board: str, titles: set[str]) -> None:
    shown = defaults_of(board)
    bad_above_none = steps((BLUE, None), (VERMILLION, 1))
    assert {title for title, defaults in shown.items() if _steps(defaults) == bad_above_none} == titles
    if board == "intake":
        assert _steps(shown["services that answer"]) == steps((VERMILLION, None), (BLUE, 1))
    words = {
        title: {value: to["text"] for value, to in defaults["mappings"][0]["options"].items()}
        for title, defaults in shown.items()
        if "mappings" in defaults
    }
    assert (
        words
        == {
            "intake": {"services that answer": {"0": "down", "1": "up"}},
            "delivery": {"consumers stopped": {"0": "no", "1": "stopped"}},
            "feeds": {},
        }[board]
    )


def _steps(defaults: dict[str, Any]) -> list[dict[str, Any]] | None:
    steps_of: list[dict[str, Any]] | None = defaults.get("thresholds", {}).get("steps")
    return steps_of


@pytest.mark.parametrize(
    ("board", "title", "expected"),
    [
        ("vacancies", "uncovered vacancies", [(BLUE, None), (ORANGE, 10), (VERMILLION, 20)]),
        ("retention", "turnover rate", [(BLUE, None), (ORANGE, 15), (VERMILLION, 20)]),
        ("retention", "stability index", [(VERMILLION, None), (ORANGE, 80), (BLUE, 85)]),
        ("academy", "Retention of the academy", [(VERMILLION, None), (ORANGE, 50), (BLUE, 65)]),
        ("agency", "agency worker rate", [(BLUE, None), (ORANGE, 15), (VERMILLION, 20)]),
        ("intake", "age of the journal", [(BLUE, None), (VERMILLION, 60)]),
        ("feeds", "how long ago each feed last came", [(BLUE, None), (VERMILLION, 3_024_000)]),
    ],
)
def test_from_where_on_a_figure_is_much_is_shown(
    board: str, title: str, expected: list[tuple[str, float | None]]
) -> None:
    assert _steps(defaults_of(board)[title]) == steps(*expected)


def test_what_holds_now_is_asked_for_now_and_the_rest_over_time() -> None:
    for board in OPERATION.values():
        for item in board["panels"]:
            for target in (target for target in item["targets"] if "expr" in target):
                now = (target.get("instant", False), target.get("range", False))
                assert now == ((True, False) if item["type"] == "stat" else (False, True)), item["title"]


@pytest.mark.parametrize(
    ("board", "since", "refresh"),
    [
        ("vacancies", "now-5y", ""),
        ("retention", "now-5y", ""),
        ("academy", "now-10y", ""),
        ("agency", "now-5y", ""),
        ("quality", "now-5y", ""),
        ("intake", "now-6h", "30s"),
        ("delivery", "now-6h", "30s"),
        ("feeds", "now-90d", "5m"),
    ],
)
def test_a_board_begins_and_looks_again_as_it_should_and_is_not_changed_by_hand(
    board: str, since: str, refresh: str
) -> None:
    shown = BOARDS[board]
    assert shown["time"] == {"from": since, "to": "now"}
    assert (shown["refresh"], shown["uid"], shown["editable"]) == (refresh, f"workforce-{board}", False)
    # Dates have no time zone.
    assert shown["timezone"] == "utc"
    assert [item["id"] for item in shown["panels"]] == list(range(1, len(shown["panels"]) + 1))


def test_vacancies_are_stacked_from_nothing_in_their_colours() -> None:
    (item, _) = [item for item in VACANCIES["panels"] if item["title"].startswith("vacancies, covered")]
    custom = item["fieldConfig"]["defaults"]["custom"]
    assert (custom["drawStyle"], custom["stacking"]) == ("bars", {"group": "A", "mode": "normal"})
    assert item["fieldConfig"]["defaults"]["min"] == 0
    looks = {look["matcher"]["options"]: look["properties"][0]["value"] for look in item["fieldConfig"]["overrides"]}
    assert looks == {
        "covered by agency": {"mode": "fixed", "fixedColor": BLUE},
        "uncovered": {"mode": "fixed", "fixedColor": VERMILLION},
    }


def test_fte_is_shown_to_one_decimal_and_months_as_series() -> None:
    for item in VACANCIES["panels"]:
        defaults = item["fieldConfig"]["defaults"]
        assert defaults["unit"] == "suffix: FTE"
        # A control chart shows its limits to the places that they have.
        assert defaults.get("decimals") == (
            None if "control chart" in item["title"] or "signals" in item["title"] else 1
        )
        over_time = item["type"] == "timeseries"
        for target in (target for target in item["targets"] if "rawSql" in target):
            assert target["format"] == ("time_series" if over_time else "table")


def test_no_two_roles_look_alike() -> None:
    (item, _) = [item for item in VACANCIES["panels"] if item["title"].startswith("vacancies by role")]
    looks = {
        look["matcher"]["options"]: (
            look["properties"][0]["value"]["fixedColor"],
            [more["value"] for more in look["properties"][1:]],
        )
        for look in item["fieldConfig"]["overrides"]
    }
    assert len(looks) == len({str(look) for look in looks.values()}) == 14
    dashed = [{"fill": "dash", "dash": [10, 6]}]
    assert looks["newly qualified social worker"] == (BLUE, [])
    assert [more for _, more in looks.values()] == [[]] * 7 + [dashed] * 7


def test_a_query_of_figures_and_one_of_operation() -> None:
    shown = panel(listing("t", "what it shows", Sql("SELECT 1")))
    assert shown["datasource"] == {"type": "grafana-postgresql-datasource", "uid": "workforce-figures"}
    (target,) = shown["targets"]
    assert target == {
        "refId": "A", "datasource": shown["datasource"], "editorMode": "code", "format": "table", "rawQuery": True,
        "rawSql": "SELECT 1",
    }  # fmt: skip
    queries = [promql("up", "{{service}}"), promql("down", "", ref="B")]
    shown = panel(Graph(graph("t", "what it shows", queries, "s")))
    assert shown["datasource"] == {"type": "prometheus", "uid": "workforce-operation"}
    assert [(target["refId"], target["expr"]) for target in shown["targets"]] == [("A", "up"), ("B", "down")]


@pytest.mark.parametrize("second", [1.0, 0.5])
def test_thresholds_must_rise(second: float) -> None:
    with pytest.raises(ValueError, match="the thresholds of 'title' do not rise"):
        figure("title", "d", promql("up", ""), "s", width=4, thresholds=((1.0, BLUE), (second, VERMILLION)))


def test_a_number_without_thresholds_has_the_colour_of_text_and_a_line_one_of_its_own() -> None:
    shown = panel(figure("t", "d", Sql("SELECT 1"), "s", width=4))
    assert shown["fieldConfig"]["defaults"]["color"] == {"mode": "fixed", "fixedColor": "text"}
    line = panel(Graph(graph("t", "d", [Sql("SELECT 1")], "s", looks=[Look("one", BLUE)])))
    assert line["fieldConfig"]["defaults"]["color"] == {"mode": "palette-classic"}
    # A gap is a gap.
    assert line["fieldConfig"]["defaults"]["custom"]["spanNulls"] is False
    assert line["fieldConfig"]["defaults"]["custom"]["stacking"]["mode"] == "none"


def test_a_number_is_the_last_one_found_and_leads_to_what_is_behind_it() -> None:
    shown = panel(figure("t", "d", Sql("SELECT 1"), "s", width=4, link="${pages}/figures/vacancies"))
    assert shown["options"]["reduceOptions"] == {"calcs": ["lastNotNull"], "fields": "", "values": False}
    (link,) = shown["fieldConfig"]["defaults"]["links"]
    assert (link["url"], link["targetBlank"]) == ("${pages}/figures/vacancies", True)


def test_a_column_has_its_own_unit_leads_on_or_is_there_for_links_alone() -> None:
    columns = (
        Column("rate", unit="percent", decimals=1, thresholds=((0, BLUE), (5, VERMILLION))),
        Column("team", link="${pages}/posts"),
        Column("code", hidden=True),
    )
    shown = panel(listing("t", "d", Sql("SELECT 1"), columns))
    told = {
        override["matcher"]["options"]: {each["id"]: each["value"] for each in override["properties"]}
        for override in shown["fieldConfig"]["overrides"]
    }
    assert told == {
        "rate": {
            "unit": "percent",
            "decimals": 1,
            "thresholds": {"mode": "absolute", "steps": steps((BLUE, None), (VERMILLION, 5))},
            "custom.cellOptions": {"type": "color-text"},
        },
        "team": {"links": [{"title": "What is behind it", "url": "${pages}/posts", "targetBlank": True}]},
        "code": {"custom.hidden": True},
    }


def test_beside_a_graph_its_numbers_stand_in_a_table_one_row_for_each_time() -> None:
    first, first_table, second, second_table, third, third_table = shown_of(
        Graph(graph("of figures", "What it shows.", [Sql("SELECT 1", over_time=True)], "percent", decimals=1)),
        Graph(graph("of operation", "What it shows.", [promql("up", "")], "s")),
        Graph(curve("by months", "What it shows.", Sql("SELECT 1"), "percent", "months")),
    )["panels"]
    for shown, beside in ((first, first_table), (second, second_table), (third, third_table)):
        assert beside["title"] == f"{shown['title']}: the numbers"
        assert beside["targets"] == [
            {
                "refId": "A",
                "datasource": {"type": "datasource", "uid": "-- Dashboard --"},
                "panelId": shown["id"],
                "withTransforms": False,
            }
        ]
        assert (beside["gridPos"]["y"], beside["gridPos"]["w"] + shown["gridPos"]["w"]) == (shown["gridPos"]["y"], 24)
    assert (first_table["fieldConfig"]["defaults"]["unit"], first_table["fieldConfig"]["defaults"]["decimals"]) == (
        "percent",
        1,
    )
    # Prometheus gives each series by itself.
    assert [beside.get("transformations") for beside in (first_table, second_table, third_table)] == [
        None,
        [{"id": "joinByField", "options": {"mode": "outer"}}],
        None,
    ]
    assert (third["type"], third["options"]["xField"]) == ("trend", "months")


def test_a_list_begins_with_its_first_value_or_with_all_and_takes_nothing_else() -> None:
    choices = (
        Choice("authority", "the authority", "Whose figures.", "SELECT 1"),
        Choice("role", "role", "Which roles.", "SELECT 2", several=True),
        Choice("service", "service", "Which services.", "label_values(up, service)", of_operation=True),
    )
    one, several, of_operation = shown_of(choices=choices)["templating"]["list"]
    for variable in (one, several, of_operation):
        # Anew whenever the board is opened; in the order in which they are found.
        assert (variable["type"], variable["refresh"], variable["sort"], variable["allowCustomValue"]) == (
            "query",
            1,
            0,
            False,
        )
    assert (one["query"], one["multi"], one["includeAll"], "current" in one) == ("SELECT 1", False, False, False)
    assert (several["multi"], several["includeAll"], several["current"]["value"]) == (True, True, ["$__all"])
    assert of_operation["datasource"]["type"] == "prometheus"


def test_what_is_marked_is_marked_on_every_graph() -> None:
    (mark,) = shown_of(marks=(Mark("initiatives", "SELECT 1", BLUE),))["annotations"]["list"]
    assert (mark["name"], mark["enable"], mark["iconColor"]) == ("initiatives", True, BLUE)
    assert (mark["target"]["rawSql"], mark["target"]["format"]) == ("SELECT 1", "table")


def test_a_row_is_as_high_as_its_highest_panel() -> None:
    def sized(width: int, height: int) -> Part:
        return listing("x", "what it shows", Sql("SELECT 1"), width=width, height=height)

    made = shown_of(sized(12, 9), sized(12, 4), sized(24, 3), sized(6, 5), sized(18, 2), sized(1, 1))
    assert [(item["gridPos"]["x"], item["gridPos"]["y"]) for item in made["panels"]] == [
        (0, 0), (12, 0), (0, 9), (0, 12), (6, 12), (0, 17),
    ]  # fmt: skip


# --- the command ------------------------------------------------------------------------------------------------------

PATHS = [
    *(f"dashboards/figures/{name}.json" for name in ("academy", "agency", "quality", "retention", "vacancies")),
    *(f"dashboards/operation/{name}.json" for name in ("delivery", "feeds", "intake")),
    "provisioning/alerting/figures.json",
]


def test_the_command_writes_what_is_missing_and_then_finds_nothing_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(build, "FOLDER", tmp_path)
    assert build.main(["--check"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert said == [f"{tmp_path / path} is stale: run python -m deploy.grafana.build" for path in PATHS]
    assert list(tmp_path.iterdir()) == []
    assert build.main([]) == 0
    assert build.main(["--check"]) == 0
    assert capsys.readouterr().err == ""


def test_the_command_writes_a_changed_file_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    committed = build.FOLDER
    for folder in build.WRITTEN:
        shutil.copytree(committed / folder, tmp_path / folder)
    monkeypatch.setattr(build, "FOLDER", tmp_path)
    changed = tmp_path / "dashboards/figures/vacancies.json"
    changed.write_text("{}", encoding="utf-8")
    assert build.main(["--check"]) == 1
    assert build.main([]) == 0
    written = changed.read_bytes()
    assert written == (committed / "dashboards/figures/vacancies.json").read_bytes()
    assert written.endswith(b"}\n")
