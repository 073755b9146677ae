"""How pages write figures, dates and codes for people."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.metrics.pages.rendering import (
    by_name,
    counted,
    day,
    difference,
    event_words,
    figure,
    in_moments,
    in_sentence,
    moment,
    published,
    short_day,
    subject_words,
    whom,
    why,
    words,
)
from services.metrics.pages.signing_in import within_this_site
from services.metrics.reasons import Reason


def test_names_are_in_the_order_in_which_people_look_them_up() -> None:
    teams = [None, "area-10", "area-2", "duty", "area-1", "area", "2-north"]
    assert sorted(teams, key=by_name) == ["2-north", "area", "area-1", "area-2", "area-10", "duty", None]


def test_whom_a_figure_counts_is_said_of_each_scope() -> None:
    assert [whom(scope) for scope in ("all", "census")] == ["all posts", "posts of the CSWW census alone"]


def test_dates_and_instants_are_written_out() -> None:
    assert day(date(2023, 10, 31)) == "31 October 2023"
    assert day("2023-10-01") == "1 October 2023"
    assert day(None) == "no date"
    assert (short_day("2023-10-01"), short_day(date(2024, 2, 29)), short_day(None)) == (
        "1 Oct 2023",
        "29 Feb 2024",
        "no date",
    )
    assert moment(datetime(2023, 11, 6, 9, 5, tzinfo=UTC)) == "6 November 2023 at 09:05 UTC"
    assert moment("2023-11-06T09:31:00Z") == "6 November 2023 at 09:31 UTC"
    assert moment(None) == "not known"


@pytest.mark.parametrize("written", ["2023-11-06T11:31:00+02:00", "2023-11-06t09:31:00z", "2023-11-06T11:31:00 02:00"])
def test_an_instant_is_told_in_utc_however_the_address_writes_it(written: str) -> None:
    assert moment(written) == "6 November 2023 at 09:31 UTC"


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (22.5, "FTE", "22.5"),
        (1234.0, "FTE", "1,234.0"),
        (0.0, "FTE", "0.0"),
        (None, "FTE", "not known"),
        (5.8, "%", "5.8%"),
        (-2.5, "%", "\N{MINUS SIGN}2.5%"),
        (434, "people", "434"),
        (3000, "GBP", "£3,000"),
    ],
)
def test_figures_have_the_decimals_of_their_unit(value: float | None, unit: str, shown: str) -> None:
    assert figure(value, unit) == shown


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (2.0, "FTE", "+2.0"),
        (-29.5, "FTE", "\N{MINUS SIGN}29.5"),
        (0.0, "FTE", "0"),
        (0.04, "FTE", "0"),
        (None, "FTE", "not known"),
        (1.2, "%", "+1.2 points"),
    ],
)
def test_changes_say_their_direction_and_those_of_rates_are_points(value: float | None, unit: str, shown: str) -> None:
    assert difference(value, unit) == shown


def test_codes_types_and_subjects_are_written_as_words() -> None:
    assert words("newly-qualified-social-worker") == "Newly qualified social worker"
    assert words(None) == "Not stated"
    assert words("other-english-authority") == "Other English authority"
    assert in_sentence("other-english-authority") == "other English authority"
    assert in_sentence("asye") == "ASYE"
    assert in_sentence("FTE progressed") == "FTE progressed"
    assert event_words("uk.workforce.worker.fte-changed.v1") == "worker fte changed"
    assert subject_words("post/P-0131") == "Post P-0131"


def area(value: float | None) -> dict[str, Any]:
    return {"code": "333", "name": "An area", "value": value, "mark": None}


def answered(neighbours: list[float | None], england: float | None) -> dict[str, Any]:
    """What the API answers of a published rate, as far as a page looks at it."""
    return {
        "release": {"name": "2022", "published": "2023-02-23"},
        "as_at": "2022-09-30",
        "neighbours": [area(value) for value in neighbours],
        "england": None if england is None else area(england),
    }


def test_the_range_of_the_neighbours_stands_beside_england_with_the_release() -> None:
    said = published(answered([28.0, None, 9.6, 12.0], 17.1), "%")
    assert said == "3 neighbours 9.6% to 28.0% and England 17.1% (DfE's release 2022, year to 30 September 2022)."


def test_without_neighbours_england_stands_alone_and_without_either_that_is_said() -> None:
    release = "(DfE's release 2022, year to 30 September 2022)."
    assert published(answered([], 17.1), "%") == f"England 17.1% {release}"
    assert published(answered([None], None), "%") == f"No published rate {release}"


@pytest.mark.parametrize(
    ("then", "goes_to"),
    [
        (None, "/"),
        ("", "/"),
        ("/trend?authority=331", "/trend?authority=331"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example/", "/"),
        ("///elsewhere.example/", "/"),
        ("/\t/elsewhere.example/", "/"),
        ("/\r\nlocation: //elsewhere.example/", "/"),
        ("//[", "/"),
        ("//\u2100.example/", "/"),
        ("/\\elsewhere.example", "/"),
        ("javascript:alert(1)", "/"),
        ("trend", "/"),
    ],
)
def test_after_signing_in_one_goes_to_a_path_of_this_site(then: str | None, goes_to: str) -> None:
    assert within_this_site(then) == goes_to


def test_every_reason_why_a_figure_is_not_known_is_told_in_a_sentence() -> None:
    assert why("not-counted") == "Nobody counted in time: an older count no longer holds."
    assert all(why(reason).endswith(".") for reason in Reason)


def test_what_the_api_says_of_an_instant_is_told_as_people_write_it() -> None:
    said = "No event of authority 999 was known at 2026-11-27T03:40:59.563057Z and accepted at 2023-11-30T12:00:00Z."
    assert in_moments(said) == (
        "No event of authority 999 was known at 27 November 2026 at 03:40 UTC and accepted at 30 November 2023 at "
        "12:00 UTC."
    )


@pytest.mark.parametrize(("count", "told"), [(0, "0 changes"), (1, "1 change"), (1200, "1,200 changes")])
def test_one_is_told_as_one(count: int, told: str) -> None:
    assert counted(count, "change") == told
