"""The dashboards' parts as Grafana reads them, the command that writes them, and the dashboard of operation by hand.

Invariant: what Grafana is to read is written here as it documents it, not as the parts happen to give it.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from deploy.grafana import build
from deploy.grafana.panels import Dashboard, Kind, Look, Panel, PromQl, Sql, TextBox, dashboard_json

OPERATION = json.loads((build.FOLDER / "operation.json").read_text(encoding="utf-8"))
VACANCIES = json.loads((build.FOLDER / "vacancies.json").read_text(encoding="utf-8"))

RATE = "rate(workforce_{}_total[$__rate_interval])"
LATENCY = "sum by (le) (rate(workforce_origin_to_figure_seconds_bucket[$__rate_interval]))"
ANSWERS = "sum by (le, service) (rate(workforce_http_request_seconds_bucket[$__rate_interval]))"
SHOWN = {
    "services that answer": ("short", {'up{job="workforce"}': "{{service}}"}),
    "consumers stopped": ("short", {"workforce_consumer_halted": "{{service}}"}),
    "events missing": (
        "short",
        {"sum by (service, owner) (workforce_inbox_missing_events)": "{{service}} of {{owner}}"},
    ),
    "alerts firing": ("short", {'count(ALERTS{alertstate="firing"}) or vector(0)': "alerts"}),
    "age of the journal": ("s", {"workforce_journal_age_seconds": "{{service}}"}),
    "events not yet on Kafka": ("short", {"workforce_journal_unpublished": "{{service}}"}),
    "records before the consumers": (
        "short",
        {"sum by (service, topic) (workforce_consumer_lag_records)": "{{service}} {{topic}}"},
    ),
    "timelines to derive": ("short", {"workforce_timelines_to_derive": "{{service}}"}),
    "from accepted to counted": (
        "s",
        {
            f"histogram_quantile(0.5, {LATENCY})": "half within (p50)",
            f"histogram_quantile(0.99, {LATENCY})": "99 of 100 within (p99)",
        },
    ),
    "dead letters": (
        "short",
        {"sum by (service, topic, cause) (workforce_dead_letters_total)": "{{service}} {{topic}} {{cause}}"},
    ),
    "events accepted": (
        "suffix: /s",
        {f"sum by (service, type) ({RATE.format('accepted')})": "{{service}} {{type}}"},
    ),
    "events rejected": (
        "suffix: /s",
        {f"sum by (service, reason) ({RATE.format('rejected')})": "{{service}} {{reason}}"},
    ),
    "events published": (
        "suffix: /s",
        {f"sum by (service, topic) ({RATE.format('published')})": "{{service}} {{topic}}"},
    ),
    "records consumed": (
        "suffix: /s",
        {f"sum by (service, topic) ({RATE.format('consumed')})": "{{service}} {{topic}}"},
    ),
    "time to answer": (
        "s",
        {f"histogram_quantile(0.99, {ANSWERS})": "{{service}}: 99 of 100 within (p99)"},
    ),
    "connections turned away": (
        "suffix: /s",
        {f"sum by (service, limit) ({RATE.format('http_turned_away')})": "{{service}} {{limit}}"},
    ),
    "journals published again": ("short", {"workforce_journal_replays_total": "{{service}}"}),
}
"""What the dashboard of operation shows: unit, and the name of each query's series."""

BLUE, VERMILLION = "#0072B2", "#D55E00"


def steps(*colours: str) -> list[dict[str, Any]]:
    """Thresholds at 0 and 1, as Grafana writes them: the lowest from nothing on."""
    return [{"color": colour, "value": value} for colour, value in zip(colours, (None, 1.0), strict=True)]


def shown_of(*parts: Panel, **named: Any) -> dict[str, Any]:
    """What Grafana reads of a dashboard of these panels."""
    return dashboard_json(Dashboard("u", "t", "d", "now-1h", "30s", parts, **named))


def panel(kind: Kind, *queries: Sql | PromQl, **named: Any) -> dict[str, Any]:
    """What Grafana reads of one panel."""
    (shown,) = shown_of(Panel("title", "what it shows", kind, queries, "s", **named))["panels"]
    assert isinstance(shown, dict)
    return shown


def test_the_operation_dashboard_shows_what_it_is_to_show() -> None:
    shown = {
        item["title"]: (
            item["fieldConfig"]["defaults"]["unit"],
            {target["expr"]: target["legendFormat"] for target in item["targets"]},
        )
        for item in OPERATION["panels"]
    }
    assert shown == SHOWN


def test_what_is_good_and_what_is_bad_have_their_colours() -> None:
    shown = {
        item["title"]: item["fieldConfig"]["defaults"]["thresholds"]["steps"]
        for item in OPERATION["panels"]
        if "thresholds" in item["fieldConfig"]["defaults"]
    }
    bad_above_none = steps(BLUE, VERMILLION)
    assert shown == {
        "services that answer": steps(VERMILLION, BLUE),
        "consumers stopped": bad_above_none,
        "events missing": bad_above_none,
        "alerts firing": bad_above_none,
    }
    words = {
        item["title"]: {
            value: to["text"] for value, to in item["fieldConfig"]["defaults"]["mappings"][0]["options"].items()
        }
        for item in OPERATION["panels"]
        if "mappings" in item["fieldConfig"]["defaults"]
    }
    assert words == {
        "services that answer": {"0": "down", "1": "up"},
        "consumers stopped": {"0": "no", "1": "stopped"},
    }


def test_what_holds_now_is_asked_for_now_and_the_rest_over_time() -> None:
    for item in OPERATION["panels"]:
        for target in item["targets"]:
            assert (target["instant"], target["range"]) == ((True, False) if item["type"] == "stat" else (False, True))


@pytest.mark.parametrize(
    ("dashboard", "since", "refresh", "uid"),
    [(OPERATION, "now-6h", "30s", "workforce-operation"), (VACANCIES, "now-5y", "", "workforce-vacancies")],
    ids=["operation", "vacancies"],
)
def test_a_dashboard_begins_and_looks_again_as_it_should_and_is_not_changed_by_hand(
    dashboard: dict[str, Any], since: str, refresh: str, uid: str
) -> None:
    assert dashboard["time"] == {"from": since, "to": "now"}
    assert (dashboard["refresh"], dashboard["uid"], dashboard["editable"]) == (refresh, uid, False)
    # Dates have no time zone.
    assert dashboard["timezone"] == "utc"
    assert [item["id"] for item in dashboard["panels"]] == list(range(1, len(dashboard["panels"]) + 1))


def test_vacancies_are_stacked_from_nothing_in_their_colours() -> None:
    (item,) = [item for item in VACANCIES["panels"] if item["title"].startswith("vacancies, covered")]
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
        assert (defaults["unit"], defaults["decimals"]) == ("suffix: FTE", 1)
        over_time = item["type"] == "timeseries"
        assert [target["format"] for target in item["targets"]] == ["time_series" if over_time else "table"]


def test_no_two_roles_look_alike() -> None:
    (item,) = [item for item in VACANCIES["panels"] if item["title"].startswith("vacancies by role")]
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
    shown = panel(Kind.TABLE, Sql("SELECT 1"))
    assert shown["datasource"] == {"type": "grafana-postgresql-datasource", "uid": "workforce-figures"}
    (target,) = shown["targets"]
    assert target == {
        "refId": "A", "datasource": shown["datasource"], "editorMode": "code", "format": "table", "rawQuery": True,
        "rawSql": "SELECT 1",
    }  # fmt: skip
    shown = panel(Kind.OVER_TIME, PromQl("up", "{{service}}"), PromQl("down", ""))
    assert shown["datasource"] == {"type": "prometheus", "uid": "workforce-operation"}
    assert [target["refId"] for target in shown["targets"]] == ["A", "B"]


def test_thresholds_must_rise() -> None:
    for second in (1.0, 0.5):
        with pytest.raises(ValueError, match="the thresholds of 'title' do not rise"):
            panel(Kind.STAT, PromQl("up", ""), thresholds=((1.0, BLUE), (second, VERMILLION)))


def test_a_number_without_thresholds_has_the_colour_of_text_and_a_line_one_of_its_own() -> None:
    assert panel(Kind.STAT, Sql("SELECT 1"))["fieldConfig"]["defaults"]["color"] == {
        "mode": "fixed",
        "fixedColor": "text",
    }
    line = panel(Kind.OVER_TIME, Sql("SELECT 1"), looks=(Look("one", BLUE),))
    assert line["fieldConfig"]["defaults"]["color"] == {"mode": "palette-classic"}
    # A gap is a gap.
    assert line["fieldConfig"]["defaults"]["custom"]["spanNulls"] is False
    assert line["fieldConfig"]["defaults"]["custom"]["stacking"]["mode"] == "none"


def test_a_number_is_the_last_one_found() -> None:
    assert panel(Kind.STAT, Sql("SELECT 1"))["options"]["reduceOptions"] == {
        "calcs": ["lastNotNull"],
        "fields": "",
        "values": False,
    }


def test_what_the_reader_writes_begins_with_its_default() -> None:
    box = TextBox("authority", "the authority", "331", "Its three-digit code.")
    (shown,) = shown_of(variables=(box,))["templating"]["list"]
    chosen = {"selected": True, "text": "331", "value": "331"}
    assert shown == {
        "type": "textbox", "name": "authority", "label": "the authority", "description": "Its three-digit code.",
        "query": "331", "current": chosen, "options": [chosen], "hide": 0, "skipUrlSync": False,
    }  # fmt: skip


def test_a_row_is_as_high_as_its_highest_panel() -> None:
    def sized(width: int, height: int) -> Panel:
        return Panel("x", "what it shows", Kind.STAT, (Sql("SELECT 1"),), "s", width=width, height=height)

    made = shown_of(sized(12, 9), sized(12, 4), sized(24, 3), sized(6, 5), sized(18, 2), sized(1, 1))
    assert [(item["gridPos"]["x"], item["gridPos"]["y"]) for item in made["panels"]] == [
        (0, 0), (12, 0), (0, 9), (0, 12), (6, 12), (0, 17),
    ]  # fmt: skip


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_writes_what_is_missing_and_then_finds_nothing_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(build, "FOLDER", tmp_path / "dashboards")
    assert build.main(["--check"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert said == [
        f"{tmp_path / 'dashboards' / name}.json is stale: run python -m deploy.grafana.build"
        for name in ("operation", "vacancies")
    ]
    assert not (tmp_path / "dashboards").exists()
    assert build.main([]) == 0
    assert build.main(["--check"]) == 0
    assert capsys.readouterr().err == ""


def test_the_command_writes_a_changed_file_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    committed = build.FOLDER
    shutil.copytree(committed, tmp_path / "dashboards")
    monkeypatch.setattr(build, "FOLDER", tmp_path / "dashboards")
    (tmp_path / "dashboards" / "vacancies.json").write_text("{}", encoding="utf-8")
    assert build.main(["--check"]) == 1
    assert build.main([]) == 0
    written = (tmp_path / "dashboards" / "vacancies.json").read_bytes()
    assert written == (committed / "vacancies.json").read_bytes()
    assert written.endswith(b"}\n")
