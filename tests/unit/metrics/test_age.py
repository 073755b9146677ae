"""When a figure is stale: by its date, the newest record, and the instant as known at which."""

from datetime import UTC, date, datetime

import pytest

from services.metrics.figures.age import is_stale, stale_from

RECORDED = datetime(2024, 3, 28, 16, tzinfo=UTC)
TODAY = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("recorded_until", "day", "as_known_at", "stale"),
    [
        pytest.param(RECORDED, date(2026, 3, 1), TODAY, True, id="today, of data that ended two years ago"),
        pytest.param(RECORDED, date(2024, 6, 28), TODAY, False, id="three months after the newest record"),
        pytest.param(RECORDED, date(2024, 6, 29), TODAY, True, id="a day more"),
        pytest.param(RECORDED, date(2023, 3, 31), TODAY, False, id="a day of which it was recorded"),
        pytest.param(RECORDED, date(2027, 3, 31), RECORDED, False, id="days to come, known when it was recorded"),
        pytest.param(datetime(2024, 11, 30, tzinfo=UTC), date(2025, 2, 28), TODAY, False, id="a month without the day"),
        pytest.param(None, date(2026, 3, 1), TODAY, False, id="nothing known"),
    ],
)
def test_a_figure_is_stale_more_than_three_months_after_the_newest_record(
    recorded_until: datetime | None, day: date, as_known_at: datetime, stale: bool
) -> None:
    assert is_stale(recorded_until, day, as_known_at) is stale


def test_the_first_stale_day_follows_three_months() -> None:
    assert stale_from(RECORDED) == date(2024, 6, 29)
    assert stale_from(datetime(2024, 11, 30, tzinfo=UTC)) == date(2025, 3, 1)
