"""How a page tells when an initiative ran."""

from datetime import date

import pytest

from services.metrics.pages.charts import Point
from services.metrics.pages.marks import Initiative
from services.metrics.pages.trend import began_by


@pytest.mark.parametrize(
    ("ends_on", "said"),
    [
        (None, "from 17 May 2023"),
        (date(2023, 5, 18), "on 17 May 2023"),
        (date(2024, 4, 1), "17 May 2023 to 31 March 2024"),
    ],
    ids=["without an end", "of one day", "of a year"],
)
def test_an_initiative_is_told_by_its_first_and_last_day(ends_on: date | None, said: str) -> None:
    assert Initiative("Open evening", date(2023, 5, 17), ends_on, "/").days == said


def test_beside_each_point_stands_what_began_since_the_one_before() -> None:
    points = [Point(day, 20.0) for day in (date(2023, 4, 30), date(2023, 5, 31), date(2023, 6, 30))]
    did = [
        Initiative("Regrading", date(2023, 4, 1), None, "/"),
        Initiative("Open evening", date(2023, 5, 31), None, "/"),
        Initiative("Retention payment", date(2023, 6, 1), None, "/"),
        Initiative("Refer a friend", date(2023, 6, 30), None, "/"),
    ]
    assert began_by(points, did) == ["Regrading", "Open evening", "Retention payment, Refer a friend"]
