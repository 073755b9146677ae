"""What an address holds for another page is passed over and said so; what no page knows is refused."""

from datetime import date

import pytest

from services.metrics.measures.catalogue import MEASURES
from services.metrics.pages.explanation import ExplanationQuery, time_of
from services.metrics.pages.page import PageQuery
from services.metrics.pages.retention import RetentionQuery
from services.metrics.pages.trend import TrendQuery
from tests.unit.metrics.questions import faults, question_of

AS_AT = date(2023, 10, 31)
DAY = {"as_at": AS_AT}
YEAR = {"from_": date(2022, 11, 1), "to": AS_AT}


@pytest.mark.parametrize(
    ("model", "asked", "passed_over"),
    [
        (RetentionQuery, "as_at=2023-10-31&from=2023-01-01&to=2023-06-30", {"from": "2023-01-01", "to": "2023-06-30"}),
        (RetentionQuery, "as_at=2023-10-31&since=2019-01-01", {}),
        (TrendQuery, "as_at=2023-10-31&from=2023-01-01&to=2023-06-30", {"to": "2023-06-30"}),
        (TrendQuery, "since=2019-01-01&above=20", {"since": "2019-01-01", "above": "20"}),
    ],
)
def test_what_another_page_has_in_its_address_is_passed_over_and_noted(
    model: type[PageQuery], asked: str, passed_over: dict[str, str]
) -> None:
    query = question_of(model, asked)
    query.raise_if_invalid()
    assert query.passed_over == passed_over


def test_what_no_page_knows_is_refused_with_the_near_name() -> None:
    (fault,) = faults(question_of(RetentionQuery, "sinze=2019-01-01"))
    assert fault[:2] == ("sinze", "is not a parameter")
    assert fault[2].startswith("perhaps since; one of ")


@pytest.mark.parametrize(
    ("measure", "asked", "when", "passed_over"),
    [
        ("leavers", "from=2022-11-01&to=2023-10-31", YEAR, {}),
        ("leavers", "from=2022-11-01", DAY, {"from": "2022-11-01"}),
        ("leavers", "to=2023-10-01", DAY, {"to": "2023-10-01"}),
        ("leavers", "from=2023-10-31&to=2022-11-01", DAY, {"from": "2023-10-31", "to": "2022-11-01"}),
        ("turnover-rate", "from=2022-11-01&to=2023-10-31", YEAR, {}),
        (
            "turnover-rate",
            "from=2023-01-01&to=2023-10-31",
            {"as_at": AS_AT},
            {"from": "2023-01-01", "to": "2023-10-31"},
        ),
    ],
)
def test_a_figure_is_of_the_period_in_the_address_if_it_can_be_and_else_as_at_the_date(
    measure: str, asked: str, when: dict[str, date], passed_over: dict[str, str]
) -> None:
    query = question_of(ExplanationQuery, f"as_at=2023-10-31&{asked}")
    assert time_of(query, MEASURES[measure], AS_AT) == when
    assert query.passed_over == passed_over
