"""Grafana's boards: what they are made of, and the board of vacancies run by the role Grafana logs in as.

Invariant: the queries are those of the committed JSON; expectations are by hand. Every query of every board is run over
the demonstration by tests/integration/test_boards.py.
"""

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.alerting import Rule
from grafana_foundation_sdk.models.dashboard import Dashboard

from deploy.grafana import build
from deploy.grafana.panels import COUNT, Sql, figure
from services.metrics.measures.catalogue import MEASURES
from tests.deploy.compose import REPOSITORY
from tests.deploy.production import Production
from tests.grafana import BOARDS, FIGURES, OPERATION, RULES, Json, as_sent, lists_of, read, sql_of

PROVISIONING = REPOSITORY / "deploy" / "grafana" / "provisioning"
VACANCIES = FIGURES["vacancies"]
SQL = dict(sql_of(VACANCIES))

ROLES = ["advanced-social-worker", "social-worker", "team-manager"]
NOW = {
    "authority": "331",
    "as_at": "2022-10-31",
    "compare_with": "2022-05-31",
    "as_known_at": "2023-06-30T12:00:00Z",
    "role": ROLES,
    "team": ["assessment"],
}
THEN = NOW | {"as_known_at": "2022-10-31T12:00:00Z"}
FROM, TO = "2022-05-10T00:00:00Z", "2023-03-31T23:00:00Z"

# Of the small history of tests/deploy/history.py by role: vacancies as at 31 May 2022; as at 31 October 2022 vacancies,
# their change, agency cover, uncovered, establishment, in post. A vacancy of 0.25 FTE is shown as 0.3: half up.
TABLE_NOW = [
    ("social worker", 1.0, 1.0, 0.0, 0.5, 0.5, 2.0, 1.0),
    ("team manager", 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0),
    ("advanced social worker", 0.3, 0.3, 0.0, 0.0, 0.3, 1.0, 0.8),
    ("total", 1.3, 2.3, 1.0, 0.5, 1.8, 4.0, 1.8),
]
# As known on that day: nobody had entered yet that the team manager had left.
TABLE_THEN = [
    ("social worker", 1.0, 1.0, 0.0, 0.5, 0.5, 2.0, 1.0),
    ("advanced social worker", 0.3, 0.3, 0.0, 0.0, 0.3, 1.0, 0.8),
    ("team manager", 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0),
    ("total", 1.3, 1.3, 0.0, 0.5, 0.8, 4.0, 2.8),
]
MEASURED = {"vacancies": 2, "agency-cover": 4, "uncovered-vacancies": 5, "establishment": 6, "in-post": 7}
"""The measures of the table, with the column that each stands in."""
TABLE, TEAMS = (f"by {name}, as at ${{as_at}} and ${{compare_with}}" for name in ("role", "team"))
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


async def run(
    production: Production, title: str, chosen: dict[str, Any], timezone: str = "UTC"
) -> list[asyncpg.Record]:
    """The rows of a panel as Grafana gets them, where the server stands in this time zone."""
    password = production.variables["GRAFANA_DATABASE_PASSWORD"]
    address = production.database_url("grafana", password, "metrics")
    connection = await asyncpg.connect(address, server_settings={"timezone": timezone})
    try:
        return list(await connection.fetch(as_sent(SQL[title], chosen, FROM, TO)))
    finally:
        await connection.close()


def measure(production: Production, name: str, chosen: dict[str, Any]) -> dict[str, Any]:
    """The answer of the API to the same question, for the reader's key."""
    asked = {name: chosen[name] for name in ("authority", "as_at", "as_known_at")}
    answer = httpx.get(
        f"{production.url('metrics')}/v1/measures/{name}",
        params={**asked, "by": "role"},
        headers={"Authorization": f"Bearer {production.keys['workforce team']}"},
        timeout=60,
        trust_env=False,
    )
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


@pytest.mark.parametrize(("chosen", "table"), [(NOW, TABLE_NOW), (THEN, TABLE_THEN)], ids=["now", "then"])
async def test_the_vacancy_table_is_the_one_the_api_gives(
    production: Production, chosen: dict[str, Any], table: list[tuple[str | float, ...]]
) -> None:
    rows = [tuple(row) for row in await run(production, TABLE, chosen)]
    assert [(role, *map(float, values)) for role, *values, _ in rows] == table
    assert {code for *_, code in rows} == {*ROLES, ""}
    before = measure(production, "vacancies", chosen | {"as_at": chosen["compare_with"]})
    for column, answer in [(1, before), *((at, measure(production, name, chosen)) for name, at in MEASURED.items())]:
        shown = {row["role"].replace("-", " "): row["value"] for row in answer["rows"]}
        assert shown | {"total": answer["total"]} == {row[0]: row[column] for row in table}


async def test_roles_and_teams_that_were_not_chosen_are_left_out(production: Production) -> None:
    rows = await run(production, TABLE, NOW | {"role": ["team-manager"]})
    assert [tuple(row)[:3] for row in rows] == [("team manager", 0, 1), ("total", 0, 1)]
    rows = await run(production, TABLE, NOW | {"team": ["another"]})
    assert [tuple(row)[:3] for row in rows] == [("total", None, None)]
    rows = await run(production, TEAMS, NOW)
    assert [(row["team"], float(row["vacancies"])) for row in rows] == [("assessment", 2.3), ("total", 2.3)]


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
    *_, total = await run(production, TABLE, tomorrow)
    assert (total["role"], float(total["vacancies then"]), *tuple(total)[2:8]) == ("total", 1.3, *[None] * 6)
    for title in (COVERED_BY_MONTH, ROLES_BY_MONTH):
        assert max(row["time"] for row in await run(production, title, THEN)).date().isoformat() == "2022-10-31"


async def test_a_quote_in_a_choice_stays_a_value(production: Production) -> None:
    rows = await run(production, TABLE, NOW | {"authority": "331' OR ''='"})
    assert [tuple(row)[:8] for row in rows] == [("total", *[None] * 7)]


def test_the_committed_files_are_what_the_builder_makes() -> None:
    assert build.stale(build.FOLDER) == []


def test_a_changed_a_missing_and_a_foreign_file_are_stale(tmp_path: Path) -> None:
    written = build.texts()
    for path, text in written.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    assert build.stale(tmp_path) == []
    (tmp_path / "dashboards/figures/vacancies.json").write_text("{}\n", encoding="utf-8")
    (tmp_path / "dashboards/figures/somebody-else.json").write_text("{}\n", encoding="utf-8")
    (tmp_path / "dashboards/operation/feeds.json").unlink()
    changed, foreign = "dashboards/figures/vacancies.json", "dashboards/figures/somebody-else.json"
    assert build.stale(tmp_path) == [foreign, changed, "dashboards/operation/feeds.json"]


def test_there_is_a_board_for_each_thing_that_is_looked_at() -> None:
    assert sorted(FIGURES) == ["academy", "agency", "quality", "retention", "vacancies"]
    assert sorted(OPERATION) == ["delivery", "feeds", "intake"]
    provided = yaml.safe_load((PROVISIONING / "dashboards/workforce.yml").read_text(encoding="utf-8"))["providers"]
    assert {(provider["folder"], provider["options"]["path"]) for provider in provided} == {
        ("Figures", "/etc/grafana/dashboards/figures"),
        ("Operation", "/etc/grafana/dashboards/operation"),
    }


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_every_panel_says_what_it_shows_and_in_which_unit(board: Json) -> None:
    assert len(board["description"]) > 20
    assert board["panels"]
    for panel in board["panels"]:
        assert len(panel["description"]) > 20, panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_no_two_panels_lie_on_one_another(board: Json) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        rectangle = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(rectangle["x"], rectangle["x"] + rectangle["w"])
            for y in range(rectangle["y"], rectangle["y"] + rectangle["h"])
        }
        assert max(x for x, _ in cells) < 24, panel["title"]
        assert not taken & cells, panel["title"]
        taken |= cells


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_beside_every_graph_stands_a_table(board: Json) -> None:
    panels, graphs = board["panels"], ("timeseries", "trend")
    beside = {panel["id"]: after for panel, after in pairwise(panels) if panel["type"] in graphs}
    assert len(beside) == sum(panel["type"] in graphs for panel in panels) > 0
    for number, panel in beside.items():
        assert panel["type"] == "table", panel["title"]
        (target,) = panel["targets"]
        assert target["panelId"] == number if "panelId" in target else target["rawSql"], panel["title"]


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_nothing_is_chosen_by_free_text(board: Json) -> None:
    variables = board["templating"]["list"]
    assert {variable["type"] for variable in variables} <= {"query", "constant"}
    assert lists_of(board)
    for variable in lists_of(board):
        assert variable["allowCustomValue"] is False
        assert len(variable["description"]) > 10


@pytest.mark.parametrize("board", FIGURES.values(), ids=FIGURES)
def test_every_board_of_figures_leads_to_our_pages(board: Json) -> None:
    addresses = [link["url"] for link in board["links"] if link["type"] == "link"]
    addresses += re.findall(r'"url": "(\$\{pages\}[^"]*)"', json.dumps(board["panels"]))
    (constant,) = [variable["query"] for variable in board["templating"]["list"] if variable["name"] == "pages"]
    assert constant == "http://127.0.0.1:8100"
    known = {"", "retention", "academy", "agency", "quality", *(f"figures/{name}" for name in MEASURES)}
    assert addresses
    for address in addresses:
        assert address.removeprefix("${pages}/").split("?")[0] in known, address


def test_a_figure_has_the_definition_the_api_gives() -> None:
    panels = {panel["title"]: panel["description"] for panel in VACANCIES["panels"]}
    for name in MEASURED:
        assert MEASURES[name].definition in panels[name.replace("-", " ")]


def test_every_panel_reads_from_a_data_source_that_is_provisioned() -> None:
    text = (PROVISIONING / "datasources/workforce.yml").read_text(encoding="utf-8")
    provisioned = set(re.findall(r"uid: (\S+)\n    type: (\S+)", text))
    assert provisioned == {
        ("workforce-figures", "grafana-postgresql-datasource"),
        ("workforce-operation", "prometheus"),
    }
    # What Grafana brings itself: the panels of the same board, and arithmetic on what rules found.
    known = provisioned | {("-- Dashboard --", "datasource")}
    for board in BOARDS.values():
        for panel in board["panels"]:
            for target in panel["targets"]:
                assert (target["datasource"]["uid"], target["datasource"]["type"]) in known
    uids = {query["datasourceUid"] for rule in RULES for query in rule["data"]}
    assert uids == {"workforce-figures", "__expr__"}


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_a_board_is_as_grafanas_own_models_have_it(board: Json) -> None:
    register_default_plugins()
    as_read = json.loads(json.dumps(Dashboard.from_json(board), cls=JSONEncoder))
    for shown in (*as_read["links"], *as_read["annotations"].get("list", [])):
        del shown["placement"]  # the one thing that ours leave out: it would put it into a menu
    assert as_read == board
    # Written for the Grafana that compose starts.
    assert board["schemaVersion"] == 42
    assert "image: grafana/grafana:12." in (REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["title"])
def test_a_rule_is_as_grafanas_own_models_have_it(rule: Json) -> None:
    as_read = json.loads(json.dumps(Rule.from_json(rule), cls=JSONEncoder))
    # A file has the folder and the group once, above its rules.
    assert {name: value for name, value in as_read.items() if name in rule} == rule
    assert as_read.keys() - rule.keys() == {"folderUID", "orgID", "ruleGroup"}
    names = [query["refId"] for query in rule["data"]]
    assert (names, rule["condition"]) == (["A", "B"], "B")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["title"])
def test_every_rule_is_explained_in_the_runbook(rule: Json) -> None:
    headings = re.findall(r"^### (\w+)$", (REPOSITORY / "docs/runbook.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert rule["title"] in headings
    assert rule["annotations"]["runbook"] == f"docs/runbook.md, {rule['title']}"
    assert rule["annotations"]["board"] in {f"/d/{board['uid']}" for board in FIGURES.values()}
    # By its name alone, as the boards' folder is: Grafana makes one of both.
    assert read("provisioning/alerting/figures.json")["groups"][0]["folder"] == "Figures"


def test_thresholds_that_do_not_rise_are_refused() -> None:
    with pytest.raises(ValueError, match="thresholds of 'late' do not rise"):
        figure("late", "What is late.", Sql("SELECT 1"), COUNT, width=4, thresholds=((0, "red"), (0, "blue")))
