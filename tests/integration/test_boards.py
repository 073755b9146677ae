"""Grafana's boards over the demonstration: every query finds something, and it is what the API answers.

Invariant: the queries are those of the committed files, run with the rights of Grafana's role; what is chosen is the
first of each list.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from tests.grafana import BOARDS, FIGURES, OPERATION, RULES, Json, as_sent, first_choices, lists_of, sql_of
from tests.integration.feed import Feed

FROM, TO = "2019-06-01T00:00:00Z", "2024-12-31T00:00:00Z"
"""The time that a person would choose to see all of the demonstration's history."""
LATEST, YEAR_BEFORE = "2024-05-31", "2023-05-31"
ACADEMY = "/v1/academy/cohorts?authority=331"
PANELS = [(name, title, sql) for name, board in FIGURES.items() for title, sql in sql_of(board)]


async def rows_of(reported: asyncpg.Connection, board: str, title: str, **chosen: Any) -> list[asyncpg.Record]:
    """The rows of one panel; what is not chosen is the first of its list."""
    sql = dict(sql_of(FIGURES[board]))[title]
    choices = await first_choices(reported, FIGURES[board]) | chosen
    rows: list[asyncpg.Record] = await reported.fetch(as_sent(sql, choices, FROM, TO))
    return rows


def answered(demonstration: Feed, path: str) -> dict[str, Any]:
    """An answer of the API."""
    answer = demonstration.get(path)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def shown(value: float | None) -> Decimal | None:
    """A number of JSON, to the digit."""
    return None if value is None else Decimal(str(value))


def in_words(row: Mapping[str, Any], dimension: str) -> str:
    """A value of a dimension as a board shows it."""
    return str(row[dimension] or "not-stated").replace("-", " ")


@pytest.mark.parametrize("board", FIGURES.values(), ids=FIGURES)
async def test_what_there_is_to_choose_comes_from_the_data(reported: asyncpg.Connection, board: Json) -> None:
    chosen = await first_choices(reported, board)
    assert chosen["authority"] == "331"
    expected = {"as_at": LATEST, "compare_with": YEAR_BEFORE}
    assert {name: chosen[name] for name in expected if name in chosen} == {
        name: day for name, day in expected.items() if name in {variable["name"] for variable in lists_of(board)}
    }
    if "role" in chosen:
        assert {"social-worker", "team-manager"} <= set(chosen["role"])
        assert len(chosen["team"]) > 10


async def test_the_instants_to_choose_are_now_and_the_ends_of_months(reported: asyncpg.Connection) -> None:
    (listed,) = [variable for variable in lists_of(FIGURES["vacancies"]) if variable["name"] == "as_known_at"]
    rows = await reported.fetch(as_sent(listed["query"], {"authority": "331"}, "", ""))
    assert rows[0]["__text"] == "now"
    assert [tuple(row) for row in rows[1:3]] == [
        (LATEST, f"{LATEST}T23:59:59Z"),
        ("2024-04-30", "2024-04-30T23:59:59Z"),
    ]


@pytest.mark.parametrize(("board", "title", "sql"), PANELS, ids=[f"{name}: {title}" for name, title, _ in PANELS])
async def test_every_panel_finds_something(reported: asyncpg.Connection, board: str, title: str, sql: str) -> None:
    chosen = await first_choices(reported, FIGURES[board])
    rows = await reported.fetch(as_sent(sql, chosen, FROM, TO))
    assert rows
    assert any(value is not None for row in rows for value in row)


@pytest.mark.parametrize("dimension", ["role", "team"])
async def test_vacancies_are_those_of_the_api_at_both_dates(
    reported: asyncpg.Connection, demonstration: Feed, dimension: str
) -> None:
    title = f"by {dimension}, as at ${{as_at}} and ${{compare_with}}"
    chosen = {"as_at": "2023-10-31", "compare_with": "2022-10-31"}
    rows = {row[0]: row for row in await rows_of(reported, "vacancies", title, **chosen)}
    # The council's papers.
    assert (rows["total"]["vacancies then"], rows["total"]["vacancies"], rows["total"]["change"]) == (
        Decimal(52),
        Decimal("22.5"),
        Decimal("-29.5"),
    )
    columns = {"vacancies": "vacancies", "agency cover": "agency-cover", "uncovered vacancies": "uncovered-vacancies"}
    columns |= {"establishment": "establishment", "in post": "in-post"}
    for column, measure, day in (
        ("vacancies then", "vacancies", chosen["compare_with"]),
        *((column, measure, chosen["as_at"]) for column, measure in columns.items()),
    ):
        answer = answered(demonstration, f"/v1/measures/{measure}?authority=331&as_at={day}&by={dimension}")
        expected = {in_words(row, dimension): shown(row["value"]) for row in answer["rows"] if row["value"]}
        found = {name: row[column] for name, row in rows.items() if row[column]}
        assert found == expected | {"total": shown(answer["total"])}, column


async def test_vacancies_as_known_on_an_earlier_day_are_those_of_the_api(
    reported: asyncpg.Connection, demonstration: Feed
) -> None:
    known = "2022-10-31T23:59:59Z"
    (row,) = await rows_of(reported, "vacancies", "vacancies", as_at="2022-10-31", as_known_at=known)
    path = "/v1/measures/vacancies?authority=331&as_at=2022-10-31"
    assert row[0] == shown(answered(demonstration, f"{path}&as_known_at={known}")["total"])
    assert row[0] != shown(answered(demonstration, path)["total"])


async def test_vacancies_by_month_and_role_are_the_series_of_the_api(
    reported: asyncpg.Connection, demonstration: Feed
) -> None:
    found: dict[tuple[str, str], Decimal] = {}
    for row in await rows_of(reported, "vacancies", "vacancies by role, at the end of each month"):
        found[row["metric"], f"{row['time']:%Y-%m-%d}"] = row["value"]
    path = f"/v1/measures/vacancies/series?authority=331&from=2019-06-01&to={LATEST}&by=role"
    series = answered(demonstration, path)
    assert found == {
        (in_words(row, "role"), period["as_at"]): shown(value)
        for row in series["rows"]
        if any(row["values"])
        for period, value in zip(series["periods"], row["values"], strict=True)
    }
    assert len(found) == 60 * len({role for role, _ in found})


RATES = {
    "retention": (
        "turnover rate",
        "turnover rate headcount",
        "crude turnover",
        "stability index",
        "retention of starters",
    ),
    "agency": ("agency", "agency cover", "agency worker rate"),
}


@pytest.mark.parametrize(("board", "title"), [(board, title) for board, titles in RATES.items() for title in titles])
async def test_a_rate_as_at_a_date_is_the_one_of_the_api(
    reported: asyncpg.Connection, demonstration: Feed, board: str, title: str
) -> None:
    (row,) = await rows_of(reported, board, title, as_at="2023-09-30")
    path = f"/v1/measures/{title.replace(' ', '-')}?authority=331&as_at=2023-09-30"
    assert row[0] == shown(answered(demonstration, path)["total"])
    assert row[0] > 0


@pytest.mark.parametrize(
    ("board", "title", "path", "dimension"),
    [
        ("retention", "turnover rate by role", "turnover-rate?as_at=2023-09-30", "role"),
        ("retention", "turnover rate by team", "turnover-rate?as_at=2023-09-30", "team"),
        ("agency", "agency by role", "agency?as_at=2023-09-30", "role"),
        ("agency", "agency by team", "agency?as_at=2023-09-30", "team"),
        ("agency", "agency cost by role", "agency-cost?from=2023-09-01&to=2023-09-30", "role"),
        ("agency", "agency cost by team", "agency-cost?from=2023-09-01&to=2023-09-30", "team"),
    ],
)
async def test_a_table_by_role_or_team_is_the_one_of_the_api(
    reported: asyncpg.Connection, demonstration: Feed, board: str, title: str, path: str, dimension: str
) -> None:
    full = f"{title}, as at ${{as_at}} and ${{compare_with}}"
    rows = await rows_of(reported, board, full, as_at="2023-09-30", compare_with="2022-09-30")
    answer = answered(demonstration, f"/v1/measures/{path}&authority=331&by={dimension}")
    expected = {in_words(row, dimension): shown(row["value"]) for row in answer["rows"] if row["value"]}
    assert {row[0]: row[2] for row in rows if row[2]} == expected
    assert expected
    assert all(row[1] or row[2] for row in rows)


@pytest.mark.parametrize(
    ("board", "title", "measure", "dimension"),
    [
        ("retention", "leavers by reason", "leavers", "leaving_reason"),
        ("retention", "leavers by destination", "leavers", "destination"),
        ("retention", "leavers by length of service", "leavers", "length_of_service"),
        ("retention", "leavers by role", "leavers", "role"),
        ("retention", "starters by role", "starters", "role"),
        ("agency", "assignments by reason", "agency-headcount", "cover_reason"),
        ("agency", "assignments by how long they have run", "agency-by-tenure", "tenure"),
        ("vacancies", "uncovered vacancies by how long they have been open", "uncovered-vacancies-by-age", "age"),
        ("agency", "cost by agency", "agency-cost", "agency"),
        ("agency", "agency workers by role", "agency", "role"),
    ],
)
async def test_a_graph_is_the_series_of_the_api(
    reported: asyncpg.Connection, demonstration: Feed, board: str, title: str, measure: str, dimension: str
) -> None:
    found: dict[str, list[Decimal]] = {}
    for row in await rows_of(reported, board, title):
        found.setdefault(row["metric"], []).append(row["value"])
    path = f"/v1/measures/{measure}/series?authority=331&from=2019-06-01&to={LATEST}&by={dimension}"
    expected = {
        in_words(row, dimension): [shown(value) for value in row["values"]]
        for row in answered(demonstration, path)["rows"]
        if any(row["values"])
    }
    assert found == expected
    assert expected


async def test_the_academy_is_the_one_of_the_api(reported: asyncpg.Connection, demonstration: Feed) -> None:
    answer = answered(demonstration, f"/v1/academy/cohorts?authority=331&as_at={LATEST}")
    rows = {row["cohort"]: row for row in await rows_of(reported, "academy", "cohorts")}
    over_all = rows.pop("all")
    for row in answer["rows"]:
        found = rows[row["cohort"]]
        assert (found["started"], found["in post"], found["still in post, %"]) == (
            row["started"],
            row["in_post"],
            shown(row["retention"]),
        )
    assert len(rows) == len(answer["rows"]) == 21
    assert over_all["still in post, %"] == shown(answer["over_all"]["retention"])
    (told,) = await rows_of(reported, "academy", "Retention of the academy")
    assert told[0] == over_all["still in post, %"]


async def test_the_academy_of_an_earlier_date_is_the_one_of_the_api(
    reported: asyncpg.Connection, demonstration: Feed
) -> None:
    (listed,) = [each for each in lists_of(FIGURES["academy"]) if each["name"] == "as_at"]
    days = [row[0] for row in await reported.fetch(as_sent(listed["query"], {"authority": "331"}, "", ""))]
    # The last thirteen months, and the same month before the first cohort of July 2018 had been here for a year.
    assert (days[:2], days[12:]) == (
        [LATEST, "2024-04-30"],
        [YEAR_BEFORE, "2022-05-31", "2021-05-31", "2020-05-31", "2019-05-31"],
    )
    day = "2022-05-31"
    answer = answered(demonstration, f"/v1/academy/cohorts?authority=331&as_at={day}")
    assert answer["over_all"]["started"] < answered(demonstration, f"{ACADEMY}&as_at={LATEST}")["over_all"]["started"]
    rows = {row["cohort"]: row for row in await rows_of(reported, "academy", "cohorts", as_at=day)}
    assert {name: (row["started"], row["in post"]) for name, row in rows.items()} == {
        row["cohort"]: (row["started"], row["in_post"])
        for row in [*answer["rows"], answer["over_all"] | {"cohort": "all"}]
        if row["started"]
    }
    survival = answered(demonstration, f"/v1/survival?authority=331&of=academy-members&as_at={day}")
    followed = await rows_of(reported, "academy", "members by full years of service", as_at=day)
    assert [row["members followed so far"] for row in followed] == [
        point["at_risk"] for point in survival["points"] if point["months"] % 12 == 0
    ]


async def test_what_was_to_mend_as_known_then_is_what_the_api_finds(
    reported: asyncpg.Connection, demonstration: Feed
) -> None:
    rows = await rows_of(reported, "quality", "findings as known now, and at the ends of the last quarters")
    quarters = ["2024-03-31", "2023-12-31", "2023-09-30", "2023-06-30"]
    assert [row["as known at"] for row in rows] == ["now", *quarters]
    for day, of_day in zip(quarters, rows[1:], strict=True):
        known = f"as_known_at={day}T23:59:59Z"
        summary = answered(demonstration, f"/v1/quality?authority=331&as_at={day}&{known}&limit=1")["summary"]
        found = await rows_of(reported, "quality", "what to mend", known_on=day)
        assert {row["what was found"]: row["findings"] for row in found} == {
            check["title"]: check["findings"] for check in summary if check["findings"]
        }
        assert of_day["for information"] == sum(
            check["findings"] for check in summary if check["severity"] == "for-information"
        )
    assert rows[-1]["for information"] < rows[0]["for information"]


async def test_what_to_mend_is_what_the_api_finds(reported: asyncpg.Connection, demonstration: Feed) -> None:
    summary = answered(demonstration, f"/v1/quality?authority=331&as_at={LATEST}&limit=1")["summary"]
    rows = await rows_of(reported, "quality", "what to mend")
    assert {row["what was found"]: row["findings"] for row in rows} == {
        check["title"]: check["findings"] for check in summary if check["findings"]
    }
    assert rows


async def test_where_there_is_nothing_to_choose_nothing_is_found(reported: asyncpg.Connection) -> None:
    nothing: dict[str, Any] = {"authority": "999", "role": [], "team": []}
    for board in FIGURES:
        for title in [title for title, _ in sql_of(FIGURES[board])]:
            for row in await rows_of(reported, board, title, **nothing):
                assert set(row.values()) <= {None, 0, "total", ""}, title


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["title"])
async def test_every_rule_has_a_number_for_each_authority(reported: asyncpg.Connection, rule: Json) -> None:
    (query,) = [each["model"] for each in rule["data"] if each["refId"] == "A"]
    rows = await reported.fetch(query["rawSql"])
    assert {row["authority"] for row in rows} == {"331"}
    assert all(row["value"] is not None for row in rows)


@pytest.mark.parametrize("board", ["vacancies", "retention", "agency"])
async def test_what_the_council_did_is_marked_as_the_api_tells_it(
    reported: asyncpg.Connection, demonstration: Feed, board: str
) -> None:
    (mark,) = FIGURES[board]["annotations"]["list"]
    rows = await reported.fetch(as_sent(mark["target"]["rawSql"], {"authority": "331"}, FROM, TO))
    answer = answered(demonstration, "/v1/initiatives?authority=331&from=2019-06-01&to=2024-12-31")
    assert [
        (row["text"], f"{row['time']:%Y-%m-%dT%H:%M%z}", row["timeend"] and f"{row['timeend']:%Y-%m-%d}")
        for row in rows
    ] == [(row["title"], f"{row['starts_on']}T00:00+0000", row["ends_on"]) for row in answer["rows"]]
    assert rows


def test_no_board_of_operation_reads_the_database() -> None:
    assert [title for board in OPERATION.values() for title, _ in sql_of(board)] == []
    assert len(BOARDS) == len(FIGURES) + len(OPERATION)
