"""Dates and instants as documents describe them to others, who have only the pattern to go by."""

import re

import pytest

from contracts.values import DATE_PATTERN, INSTANT_PATTERN

OFFSETS = ["Z", "z", "+00:00", "-00:00", "+01:00", "-23:59", "+23:59"]
NO_OFFSETS = ["", "+24:00", "+01:60", "+0100", "+1:00", "+01:00:30", " Z", "ZZ", "Z\n"]
CLOCKS = ["00:00:00", "09:59:59", "19:30:00", "20:00:00", "23:59:59", "08:00:00.1", "08:00:00.123456789"]
NO_CLOCKS = [
    "24:00:00",
    "8:00:00",
    "08:60:00",
    "08:00:60",
    "08:00",
    "080000",
    "08:00:00.",
    "08:00:00,5",
    "08:00:00.1234567890",
]
DAYS = [
    "1948-01-01", "1949-12-31", "1950-01-01", "1999-12-31", "2000-02-29", "2023-10-31", "2023-09-30", "2099-12-31",
]  # fmt: skip
NO_DAYS = [
    "1947-12-31", "1899-01-01", "2100-01-01", "0202-10-02", "2023-00-01", "2023-13-01", "2023-10-00", "2023-10-32",
    "2023-1-01", "2023-01-1", "20231031", "31-10-2023", "2023/10/31", "", " 2023-10-31", "2023-10-31 ", "٢٠٢٣-10-31",
]  # fmt: skip


def fits(pattern: str, text: str) -> bool:
    # To others than Python $ does not stand before a newline at the end.
    return re.search(pattern.removesuffix("$") + r"\Z", text) is not None


@pytest.mark.parametrize("day", DAYS)
def test_a_date_of_these_years_fits(day: str) -> None:
    assert fits(DATE_PATTERN, day)
    assert fits(INSTANT_PATTERN, f"{day}T08:00:00Z")
    assert fits(INSTANT_PATTERN, f"{day}t08:00:00Z")


@pytest.mark.parametrize("day", NO_DAYS)
def test_no_other_date_does(day: str) -> None:
    assert not fits(DATE_PATTERN, day)
    assert not fits(INSTANT_PATTERN, f"{day}T08:00:00Z")


def test_an_instant_has_a_clock_and_an_offset() -> None:
    for clock in CLOCKS:
        for offset in OFFSETS:
            assert fits(INSTANT_PATTERN, f"2023-10-31T{clock}{offset}"), (clock, offset)
        for offset in NO_OFFSETS:
            assert not fits(INSTANT_PATTERN, f"2023-10-31T{clock}{offset}"), (clock, offset)
    for clock in NO_CLOCKS:
        assert not fits(INSTANT_PATTERN, f"2023-10-31T{clock}Z"), clock
    assert not fits(INSTANT_PATTERN, "2023-10-31 08:00:00Z")
    assert not fits(INSTANT_PATTERN, "2023-10-31")
