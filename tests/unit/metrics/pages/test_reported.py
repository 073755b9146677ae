"""What a report is made of on its page, and how its figures stand in tables: all of it worked out by hand."""

from datetime import date
from typing import Any

import pytest

from services.metrics.measures.catalogue import MEASURES, dimensions_of
from services.metrics.pages.reported import tables_of
from services.metrics.pages.reports import SETS, questions_of
from services.metrics.reports.figures import Question, is_of_a_measure

INSTANTS = {"as_known_at": "2023-11-30T12:00:00Z", "as_accepted_at": "2023-11-30T12:00:00Z"}
KNOWN = "as_known_at=2023-11-30T12:00:00Z&as_accepted_at=2023-11-30T12:00:00Z"


def figure(measure: str, title: str, social_workers: float, managers: float | None) -> dict[str, Any]:
    rows = [{"role": "social-worker", "value": social_workers}]
    rows += [] if managers is None else [{"role": None, "value": managers}]
    return {
        "measure": measure,
        "title": title,
        "unit": "FTE",
        "kind": "stock",
        "as_at": "2023-10-31",
        "by": ["role"],
        "rows": rows,
        "total": social_workers + (managers or 0),
        "links": {"pinned": f"/v1/measures/{measure}?pinned"},
    }


def report(*answers: dict[str, Any]) -> dict[str, Any]:
    return {"report": 1, "authority": "331", **INSTANTS, "answers": list(answers)}


def answered(question: str, answer: dict[str, Any], as_made: bool = True) -> dict[str, Any]:
    return {"question": question, "title": "", "as_made": as_made, "answer": answer}


def test_questions_that_differ_in_the_measure_alone_are_one_table() -> None:
    query = "as_at=2023-10-31&by=role"
    (table,) = tables_of(
        report(
            answered(f"/v1/measures/vacancies?{query}", figure("vacancies", "Vacancies", 8.5, None)),
            answered(f"/v1/measures/agency-cover?{query}", figure("agency-cover", "Agency cover", 10.0, 2.0)),
        )
    )
    assert (table.title, table.under, table.by) == ("Figures by role", "31 October 2023", "Role")
    assert table.columns == ["Vacancies, FTE", "Agency cover, FTE"]
    shown = {name: [None if cell is None else cell.value for cell in cells] for name, cells in table.rows.items()}
    assert shown == {"Social worker": [8.5, 10.0], "Not stated": [None, 2.0], "All": [8.5, 12.0]}
    assert list(table.rows)[-1] == "All"
    assert table.files == [
        ("Vacancies", "/v1/measures/vacancies?pinned"),
        ("Agency workers covering vacancies", "/v1/measures/agency-cover?pinned"),
    ]


def test_a_figure_leads_to_what_is_behind_it_as_known_then() -> None:
    (table,) = tables_of(
        report(
            answered(
                "/v1/measures/agency-cover?as_at=2023-10-31&by=role&team=duty",
                figure("agency-cover", "Agency cover", 10.0, 2.0),
            )
        )
    )
    (social_workers,), (not_stated,), (of_all,) = table.rows.values()
    start = "/figures/agency-cover?authority=331&as_at=2023-10-31&team=duty"
    assert [cell.address for cell in (social_workers, not_stated, of_all) if cell] == [
        f"{start}&role=social-worker&{KNOWN}",
        f"{start}&role=not-stated&{KNOWN}",
        f"{start}&{KNOWN}",
    ]


def test_single_figures_stand_below_each_other() -> None:
    rate = {
        "measure": "vacancy-rate",
        "title": "Vacancy rate",
        "unit": "%",
        "kind": "rate",
        "as_at": "2023-10-31",
        "by": [],
        "rows": [{"value": 6.0}],
        "total": 6.0,
        "links": {"pinned": "/v1/…"},
    }
    of_a_year = rate | {"measure": "turnover-rate", "title": "Turnover", "from": "2022-11-01", "to": "2023-10-31"}
    (table,) = tables_of(
        report(
            answered("/v1/measures/vacancy-rate?as_at=2023-10-31", rate),
            answered("/v1/measures/turnover-rate?as_at=2023-10-31", of_a_year),
        )
    )
    assert list(table.rows) == [
        "Vacancy rate, %, 31 October 2023",
        "Turnover, %, 1 November 2022 to 31 October 2023",
    ]


def test_of_a_series_each_date_is_a_row() -> None:
    series = {
        "measure": "leavers",
        "title": "Leavers",
        "unit": "people",
        "kind": "flow",
        "by": ["role"],
        "periods": [{"from": "2023-09-01", "to": "2023-09-30"}, {"from": "2023-10-01", "to": "2023-10-31"}],
        "rows": [{"role": "social-worker", "values": [1, 0]}],
        "totals": [3, None],
        "reasons": [None, "not-yet"],
        "links": {"pinned": "/v1/…"},
    }
    (table,) = tables_of(report(answered("/v1/measures/leavers/series?from=2023-09-01&to=2023-10-31&by=role", series)))
    assert (table.by, table.columns) == ("Date", ["Social worker", "All"])
    shown = {name: [cell.value for cell in cells if cell] for name, cells in table.rows.items()}
    assert shown == {"1 September 2023 to 30 September 2023": [1, 3], "1 October 2023 to 31 October 2023": [0, None]}


def test_what_cannot_be_answered_or_is_other_than_it_was_is_said() -> None:
    question = "/v1/measures/vacancies?as_at=2023-10-31&by=role"
    broken = {"question": question, "title": "", "as_made": False, "problem": {"detail": "No such role."}}
    (only_said,) = tables_of(report(broken))
    assert (only_said.rows, only_said.remarks) == ({}, ["Vacancies: No such role."])
    (other,) = tables_of(report(answered(question, figure("vacancies", "Vacancies", 8.5, 1.0), as_made=False)))
    assert other.remarks[0].startswith("Vacancies: these figures are others than when the report was made.")


@pytest.mark.parametrize("name", SETS)
def test_what_can_be_kept_together_asks_what_its_measures_can_be_asked(name: str) -> None:
    questions = questions_of(name, date(2024, 2, 29), {"role": "social-worker", "scope": None})
    for asked in questions:
        measure = is_of_a_measure(asked)
        assert Question.read(str(asked)) == asked
        if measure is not None:
            by = dict(asked.parameters).get("by")
            assert by is None or by in dimensions_of(MEASURES[measure])
            assert dict(asked.parameters)["role"] == "social-worker"
    assert questions


def test_the_year_up_to_a_leap_day_begins_on_the_first_of_march() -> None:
    (leavers, _) = questions_of("retention", date(2024, 2, 29), {})
    assert str(leavers) == "/v1/measures/leavers?from=2023-03-01&to=2024-02-29&by=leaving_reason"
