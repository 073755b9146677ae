"""As at which days dashboards are told of cohorts, and as known at which of findings."""

from datetime import date

from services.metrics.reporting.questions import days_of_cohorts, quarter_ends


def test_cohorts_are_told_as_at_thirteen_months_and_the_same_month_of_years_before() -> None:
    days = days_of_cohorts(date(2024, 2, 29))
    assert days[:3] == [date(2024, 2, 29), date(2024, 1, 31), date(2023, 12, 31)]
    assert days[11:15] == [date(2023, 3, 31), date(2023, 2, 28), date(2022, 2, 28), date(2021, 2, 28)]
    assert (days[-1], len(days)) == (date(2015, 2, 28), 21)


def test_findings_are_told_as_known_at_the_ends_of_quarters_that_are_over() -> None:
    assert quarter_ends(date(2024, 5, 31)) == [
        date(2024, 3, 31),
        date(2023, 12, 31),
        date(2023, 9, 30),
        date(2023, 6, 30),
    ]
    assert quarter_ends(date(2024, 6, 30))[0] == date(2024, 6, 30)
    assert quarter_ends(date(2024, 1, 31))[0] == date(2023, 12, 31)
