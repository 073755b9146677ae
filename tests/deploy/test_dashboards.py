"""Grafana's dashboards: every query of them, run as Grafana runs it, gives the figures of the API.

Invariant: the queries are those of the committed JSON, run by the role Grafana logs in as; expectations are by hand.
"""

import json
import re
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from deploy.grafana import build
from deploy.grafana.panels import Dashboard, Kind, Panel, PromQl, Sql, dashboard_json
from services.metrics.measures.catalogue import MEASURES
from tests.deploy.compose import REPOSITORY
from tests.deploy.production import Production

VACANCIES = json.loads((build.FOLDER / "vacancies.json").read_text(encoding="utf-8"))
OPERATION = json.loads((build.FOLDER / "operation.json").read_text(encoding="utf-8"))

NOW = {"authority": "331", "as_at": "2022-10-31", "as_known_at": "now"}
THEN = NOW | {"as_known_at": "2022-10-31T12:00:00Z"}
FROM, TO = "2022-05-10T00:00:00Z", "2023-03-31T23:00:00Z"

# Of the small history of tests/deploy/history.py as at 31 October 2022, by role: vacancies, agency cover, uncovered,
# establishment, in post. A vacancy of 0.25 FTE is shown as 0.3: half up.
TABLE_NOW = [
    ("social worker", 1.0, 0.5, 0.5, 2.0, 1.0),
    ("team manager", 1.0, 0.0, 1.0, 1.0, 0.0),
    ("advanced social worker", 0.3, 0.0, 0.3, 1.0, 0.8),
    ("total", 2.3, 0.5, 1.8, 4.0, 1.8),
]
# As known on that day: nobody had entered yet that the team manager had left.
TABLE_THEN = [
    ("social worker", 1.0, 0.5, 0.5, 2.0, 1.0),
    ("advanced social worker", 0.3, 0.0, 0.3, 1.0, 0.8),
    ("team manager", 0.0, 0.0, 0.0, 1.0, 1.0),
    ("total", 1.3, 0.5, 0.8, 4.0, 2.8),
]
COLUMNS = ("vacancies", "agency-cover", "uncovered-vacancies", "establishment", "in-post")
TABLE = "by role, as at ${as_at}, as known at ${as_known_at}"
COVERED_BY_MONTH = "vacancies, covered and uncovered, at the end of each month"
ROLES_BY_MONTH = "vacancies by role, at the end of each month"
# Month by month: covered by agency, uncovered.
MONTHS = [
    ("2022-05-31", 0.0, 1.3),
    ("2022-06-30", 0.5, 0.8),
    ("2022-07-31", 0.5, 0.8),
    ("2022-08-31", 0.5, 0.8),
    ("2022-09-30", 0.5, 1.8),
    ("2022-10-31", 0.5, 1.8),
    ("2022-11-30", 0.5, 1.8),
    ("2022-12-31", 0.5, 1.8),
    ("2023-01-31", 0.5, 1.8),
    ("2023-02-28", 0.5, 2.8),
    ("2023-03-31", 0.5, 2.8),
]


def as_grafana_sends(sql: str, chosen: dict[str, str]) -> str:
    """The query with the variables and the chosen time written in, as Grafana's PostgreSQL data source writes them."""
    for name, value in chosen.items():
        sql = sql.replace(f"${{{name}:sqlstring}}", "'" + value.replace("'", "''") + "'")
    sql = sql.replace("$__timeFrom()", f"'{FROM}'").replace("$__timeTo()", f"'{TO}'")
    assert "$" not in sql
    return sql


def sql_of(title: str) -> str:
    """The one query of the panel with this title."""
    (panel,) = [panel for panel in VACANCIES["panels"] if panel["title"] == title]
    (target,) = panel["targets"]
    sql: str = target["rawSql"]
    return sql


async def run(
    production: Production, title: str, chosen: dict[str, str], timezone: str = "UTC"
) -> list[asyncpg.Record]:
    """The rows of a panel as Grafana gets them, where the server stands in this time zone."""
    password = production.variables["GRAFANA_DATABASE_PASSWORD"]
    address = production.database_url("grafana", password, "metrics")
    connection = await asyncpg.connect(address, server_settings={"timezone": timezone})
    try:
        return list(await connection.fetch(as_grafana_sends(sql_of(title), chosen)))
    finally:
        await connection.close()


def measure(production: Production, name: str, chosen: dict[str, str]) -> dict[str, Any]:
    """The answer of the API to the same question, for the reader's key."""
    asked = {name: value for name, value in chosen.items() if value != "now"}
    answer = httpx.get(
        f"{production.url('metrics')}/v1/measures/{name}",
        params={**asked, "by": "role"},
        headers={"Authorization": f"Bearer {production.keys['workforce team']}"},
        trust_env=False,
    )
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


@pytest.mark.parametrize(("chosen", "table"), [(NOW, TABLE_NOW), (THEN, TABLE_THEN)], ids=["now", "then"])
async def test_the_vacancy_table_is_the_one_the_api_gives(
    production: Production, chosen: dict[str, str], table: list[tuple[str, float]]
) -> None:
    rows = [tuple(row) for row in await run(production, TABLE, chosen)]
    assert [(role, *map(float, values)) for role, *values in rows] == table
    for index, name in enumerate(COLUMNS, start=1):
        answer = measure(production, name, chosen)
        shown = {row["role"].replace("-", " "): row["value"] for row in answer["rows"]}
        assert shown | {"total": answer["total"]} == {row[0]: row[index] for row in table}


@pytest.mark.parametrize(
    ("name", "total"),
    [("vacancies", 2.3), ("agency-cover", 0.5), ("uncovered-vacancies", 1.8), ("establishment", 4), ("in-post", 1.8)],
)
async def test_a_total_is_the_one_the_api_gives(production: Production, name: str, total: float) -> None:
    titles = [panel["title"] for panel in VACANCIES["panels"] if panel["type"] == "stat"]
    assert titles == ["vacancies", "agency cover", "uncovered vacancies", "establishment", "in post"]
    (row,) = await run(production, name.replace("-", " "), NOW)
    assert [float(value) for value in row] == [total]
    assert measure(production, name, NOW)["total"] == total


async def test_the_months_are_shown_covered_and_uncovered(production: Production) -> None:
    rows = await run(production, COVERED_BY_MONTH, NOW)
    assert [
        (f"{row['time']:%Y-%m-%d}", float(row["covered by agency"]), float(row["uncovered"])) for row in rows
    ] == MONTHS
    october = measure(production, "vacancies", NOW)["total"], measure(production, "uncovered-vacancies", NOW)["total"]
    assert october == (2.3, 1.8)


async def test_the_months_are_shown_by_role(production: Production) -> None:
    rows = await run(production, ROLES_BY_MONTH, NOW)
    values = {(f"{row['time']:%Y-%m-%d}", row["metric"]): float(row["value"]) for row in rows}
    assert len(rows) == len(values) == len(MONTHS) * 3
    assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)
    assert values["2022-08-31", "team manager"] == 0.0
    assert values["2022-09-30", "team manager"] == 1.0
    assert values["2022-10-31", "social worker"] == 1.0
    assert values["2023-02-28", "social worker"] == 2.0
    assert values["2022-05-31", "advanced social worker"] == 0.3


async def test_of_a_date_and_of_months_to_come_as_known_then_there_is_no_figure(production: Production) -> None:
    tomorrow = THEN | {"as_at": "2022-11-01"}
    assert [tuple(row) for row in await run(production, "vacancies", tomorrow)] == [(None,)]
    assert [tuple(row) for row in await run(production, TABLE, tomorrow)] == [("total", None, None, None, None, None)]
    for title in (COVERED_BY_MONTH, ROLES_BY_MONTH):
        assert max(row["time"] for row in await run(production, title, THEN)).date().isoformat() == "2022-10-31"


async def test_every_panel_works_with_what_its_variables_begin_with(production: Production) -> None:
    chosen = {variable["name"]: variable["query"] for variable in VACANCIES["templating"]["list"]}
    assert chosen == {"authority": "331", "as_at": "today", "as_known_at": "now"}
    for title in [panel["title"] for panel in VACANCIES["panels"]]:
        assert await run(production, title, chosen)


async def test_a_quote_in_a_variable_stays_a_value(production: Production) -> None:
    rows = await run(production, TABLE, NOW | {"authority": "331' OR ''='"})
    assert [tuple(row) for row in rows] == [("total", None, None, None, None, None)]


def test_the_committed_dashboards_are_what_the_builder_makes() -> None:
    assert build.stale(build.FOLDER) == []


def test_a_changed_a_missing_and_a_foreign_file_are_stale(tmp_path: Path) -> None:
    (tmp_path / "vacancies.json").write_text("{}\n", encoding="utf-8")
    (tmp_path / "somebody-else.json").write_text("{}\n", encoding="utf-8")
    assert build.stale(tmp_path) == ["operation.json", "somebody-else.json", "vacancies.json"]


@pytest.mark.parametrize("dashboard", [VACANCIES, OPERATION], ids=["vacancies", "operation"])
def test_every_panel_says_what_it_shows_and_in_which_unit(dashboard: dict[str, Any]) -> None:
    assert dashboard["panels"]
    for panel in dashboard["panels"]:
        assert len(panel["description"]) > 20, panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]


@pytest.mark.parametrize("dashboard", [VACANCIES, OPERATION], ids=["vacancies", "operation"])
def test_no_two_panels_lie_on_one_another(dashboard: dict[str, Any]) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        rectangle = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(rectangle["x"], rectangle["x"] + rectangle["w"])
            for y in range(rectangle["y"], rectangle["y"] + rectangle["h"])
        }
        assert max(x for x, _ in cells) < 24
        assert not taken & cells
        taken |= cells


def test_a_figure_has_the_definition_the_api_gives() -> None:
    panels = {panel["title"]: panel["description"] for panel in VACANCIES["panels"]}
    for name in COLUMNS:
        assert MEASURES[name].definition in panels[name.replace("-", " ")]


def test_every_panel_reads_from_a_data_source_that_is_provisioned() -> None:
    text = (REPOSITORY / "deploy/grafana/provisioning/datasources/workforce.yml").read_text(encoding="utf-8")
    provisioned = set(re.findall(r"uid: (\S+)\n    type: (\S+)", text))
    assert provisioned == {
        ("workforce-figures", "grafana-postgresql-datasource"),
        ("workforce-operation", "prometheus"),
    }
    for panel in VACANCIES["panels"] + OPERATION["panels"]:
        for target in panel["targets"]:
            assert (target["datasource"]["uid"], target["datasource"]["type"]) in provisioned


def test_panels_fill_a_row_before_the_next_begins() -> None:
    def panel(width: int, height: int, query: Sql | PromQl) -> Panel:
        return Panel("x", "what it shows", Kind.STAT, (query,), "s", width=width, height=height)

    parts = (panel(12, 4, Sql("SELECT 1")), panel(12, 6, PromQl("up", "")), panel(6, 4, Sql("SELECT 1")))
    made = dashboard_json(Dashboard("u", "t", "d", "now-1h", "", parts))
    corners = [(item["gridPos"]["x"], item["gridPos"]["y"]) for item in made["panels"]]
    assert corners == [(0, 0), (12, 0), (0, 6)]
