"""The vacancy table that `make up` prints: what it asks of metrics, and how it shows what it got."""

import io
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from rich.console import Console

from deploy.embedded.processes import PartFailed, free_port
from deploy.embedded.vacancy_table import Column, read_columns, vacancy_table
from tests.unit.deploy.answering import Request, answering


def test_the_four_columns_are_asked_for_in_reading_order_with_the_key() -> None:
    def answer(asked: Request) -> tuple[int, Any]:
        number = len(metrics.asked)
        return 200, {"rows": [{"role": "social-worker", "value": number}], "total": 10 + number}

    with answering(answer) as metrics:
        columns = read_columns(metrics.url, {"Authorization": "Bearer k"})
    assert [column.heading for column in columns] == [
        "2022-10-31\n\nvacancies",
        "2022-10-31\nagency\ncover",
        "2023-10-31\n\nvacancies",
        "2023-10-31\nagency\ncover",
    ]
    assert [(column.values, column.total) for column in columns] == [
        ({"social-worker": float(number)}, 10.0 + number) for number in (1, 2, 3, 4)
    ]
    asked = [urlsplit(asked.path) for asked in metrics.asked]
    assert [parts.path for parts in asked] == ["/v1/measures/vacancies", "/v1/measures/agency-cover"] * 2
    assert [parse_qs(parts.query) for parts in asked] == [
        {"authority": ["331"], "as_at": [day], "by": ["role"]}
        for day in ("2022-10-31", "2022-10-31", "2023-10-31", "2023-10-31")
    ]
    assert {asked.headers["authorization"] for asked in metrics.asked} == {"Bearer k"}


def test_a_role_with_any_figure_is_shown_in_the_order_of_the_roles_and_others_are_not() -> None:
    columns = [
        Column("before", {"team-manager": 0.0, "social-worker": 8.5, "head-of-service": 0.0}, 52.0),
        Column("after", {"team-manager": 1.0, "social-worker": 0.0, "head-of-service": 0.0}, 22.5),
    ]
    screen = io.StringIO()
    Console(file=screen, width=100).print(vacancy_table(columns))
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in screen.getvalue().splitlines() if "│" in line]
    assert rows == [["social worker", "8.5", "0"], ["team manager", "0", "1"], ["total", "52", "22.5"]]
    assert "as known now: authority 331" in " ".join(screen.getvalue().split())


def test_a_refusal_and_no_answer_are_told() -> None:
    with (
        answering(lambda asked: (503, "not ready")) as metrics,
        pytest.raises(PartFailed, match=r"^metrics answered 503 for vacancies: not ready"),
    ):
        read_columns(metrics.url, {})
    with pytest.raises(PartFailed, match=r"^metrics could not be reached"):
        read_columns(f"http://127.0.0.1:{free_port()}", {})
