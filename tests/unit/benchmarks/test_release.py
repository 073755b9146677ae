"""Reading a release: what is taken from it, and what is said of one that cannot be read."""

from decimal import Decimal
from pathlib import Path

import pytest

from contracts.refusal import Fault, Refused
from services.metrics.benchmarks.published import PUBLISHED, RATES, Figure, Level
from services.metrics.benchmarks.release import read_release
from tests.unit.benchmarks.small_release import (
    HEADER,
    HEADER_SINCE_2023,
    MEASURES,
    MEASURES_SINCE_2023,
    authority,
    england,
    file_of,
    region,
    turnover,
)

COVENTRY = authority("331", "Coventry")


def faults(body: bytes) -> list[Fault]:
    with pytest.raises(Refused) as refused:
        read_release(body)
    return list(refused.value.faults)


def figure(body: bytes, measure: str, code: str = "331") -> Figure:
    (of_one,) = [item for item in read_release(body).figures if item.measure == measure and item.code == code]
    return of_one


def test_a_release_is_read_row_by_row_and_measure_by_measure() -> None:
    release = read_release(
        file_of(england(), region("E12000005", "West Midlands"), COVENTRY, authority("331", "Coventry", 2021))
    )
    assert (release.rows, release.years, release.left_out) == (4, (2021, 2022), ())
    assert len(release.figures) == 4 * 20
    assert {(item.level, item.code, item.name, item.region) for item in release.figures} == {
        (Level.ENGLAND, "E92000001", "England", None),
        (Level.REGION, "E12000005", "West Midlands", None),
        (Level.AUTHORITY, "331", "Coventry", "E12000005"),
    }


@pytest.mark.parametrize(
    ("measure", "value"),
    [
        ("in-post", "80.5"),
        ("leavers-fte", "8"),
        ("turnover-rate", "9.9"),
        ("working-days-lost", "700"),
        ("absence-rate", "3.4"),
        ("agency", "20"),
        ("agency-worker-rate", "19.9"),
        ("agency-cover", "10"),
        ("agency-cover-rate", "50"),
        ("vacancies", "20"),
        ("vacancy-rate", "19.9"),
        ("vacancy-agency-cover-rate", "50"),
        ("case-holders-fte", "60"),
        ("cases", "900"),
        ("average-caseload", "15"),
        ("in-post-headcount", "90"),
        ("leavers", "9"),
        ("turnover-rate-headcount", "10"),
        ("agency-headcount", "20"),
        ("agency-worker-rate-headcount", "18.2"),
    ],
)
def test_each_measure_is_read_from_its_column(measure: str, value: str) -> None:
    answer = figure(file_of(COVENTRY), measure)
    assert (answer.value, answer.mark) == (Decimal(value), None)


@pytest.mark.parametrize("mark", ["c", "k", "low", "u", "x", "z", ":"])
def test_a_mark_is_kept_as_a_mark_and_is_no_number(mark: str) -> None:
    answer = figure(file_of(authority("331", "Coventry", measures=turnover(mark))), "turnover-rate")
    assert (answer.value, answer.mark) == (None, mark)


def test_names_of_columns_of_later_releases_are_known_too() -> None:
    header = HEADER.replace("_%", "").replace("agency_worker_rate", "agency_rate")
    assert "turnover_rate_fte," in header
    release = read_release(file_of(COVENTRY, header=header))
    assert release.left_out == ()
    assert {item.measure for item in release.figures} == set(PUBLISHED) - {"starters", "starters-fte"}


def test_columns_can_stand_in_any_order_and_those_not_known_are_listed() -> None:
    header = f"Starter_FTE ,{HEADER},starter_rate_fte_%"
    release = read_release(file_of(f"7.5,{COVENTRY},9.3", header=header))
    assert release.left_out == ("starter_rate_fte_%",)
    assert figure(file_of(f"7.5,{COVENTRY},9.3", header=header), "starters-fte").value == Decimal("7.5")
    assert figure(file_of(f"7.5,{COVENTRY},9.3", header=header), "in-post").value == Decimal("80.5")


def test_counts_may_be_missing_and_rates_may_not() -> None:
    header, row = HEADER.replace(",cases,", ",children,"), COVENTRY
    release = read_release(file_of(row, header=header))
    assert release.left_out == ("children",)
    assert set(release.measures) == {item.measure for item in release.figures}
    assert set(release.measures) == set(PUBLISHED) - {"cases", "starters", "starters-fte"}
    (fault,) = faults(file_of(row, header=HEADER.replace(",caseload_fte,", ",load,")))
    assert (fault.field, fault.problem) == ("line 1, column caseload_fte", "is missing")


@pytest.mark.parametrize(
    "column", ["time_period", "geographic_level", "region_code", "region_name", "old_la_code", "la_name"]
)
def test_a_missing_column_that_says_what_a_row_is_about_is_named(column: str) -> None:
    (fault,) = faults(file_of(COVENTRY, header=HEADER.replace(column, "other", 1)))
    assert (fault.field, fault.problem) == (f"line 1, column {column}", "is missing")


def test_every_rate_is_needed() -> None:
    missing = faults(file_of("2022", header=HEADER[: HEADER.index(",social_worker_fte")]))
    assert len(missing) == len(RATES) == 9
    assert missing[1].expected == ("a column agency_worker_rate_fte or agency_rate_fte, with or without _% at its end")


@pytest.mark.parametrize("cell", ["", "n/a", "-1", "1,000", "1e3", "NaN", " 9.9", "9.9%", "C", "٣"])
def test_a_cell_that_is_neither_number_nor_mark_is_told_by_line_and_column(cell: str) -> None:
    quoted = f'"{cell}"' if "," in cell else cell
    row = authority("331", "Coventry", measures=turnover(quoted))
    (fault,) = faults(file_of(england(), row))
    assert fault.field == "line 3, column turnover_rate_fte_%"
    assert fault.problem == "is neither a number nor a mark"
    assert fault.value == cell
    assert fault.expected == "a number as 15.9, or one of DfE's marks: c k low u x z :"


@pytest.mark.parametrize(
    ("row", "column", "value"),
    [
        (COVENTRY.replace("2022", "2021/22"), "time_period", "2021/22"),
        (COVENTRY.replace("Local authority", "Ward"), "geographic_level", "Ward"),
        (COVENTRY.replace(",331,", ",31,"), "old_la_code", "31"),
        (COVENTRY.replace("E12000005", ""), "region_code", ""),
        (COVENTRY.replace("Coventry", ""), "la_name", ""),
        (COVENTRY.replace("E92000001", "W92000004"), "country_code", "W92000004"),
        (region("", "West Midlands"), "region_code", ""),
        (region("E12000005", ""), "region_name", ""),
    ],
)
def test_a_row_of_which_it_cannot_be_said_what_it_is_about_is_told(row: str, column: str, value: str) -> None:
    (fault,) = faults(file_of(england(), row))
    assert (fault.field, fault.value) == (f"line 3, column {column}", value)


def test_a_row_that_is_there_twice_is_told_with_the_line_of_the_first() -> None:
    (fault,) = faults(file_of(england(), COVENTRY, authority("331", "Coventry", 2021), COVENTRY))
    assert fault.field == "line 5, column old_la_code"
    assert fault.problem == "is there a second time for 2022, after line 3"
    assert fault.value == "331"


def test_a_column_that_is_there_twice_is_told() -> None:
    (fault,) = faults(file_of(f"{COVENTRY},1", header=f"{HEADER},cases"))
    assert (fault.field, fault.problem) == ("line 1, column cases", "is there more than once")
    (fault,) = faults(file_of(f"{COVENTRY},1", header=f"{HEADER},turnover_rate_fte"))
    assert fault.field == "line 1, column turnover_rate_fte"
    assert fault.problem == "holds turnover-rate, as turnover_rate_fte_% does"
    (fault,) = faults(file_of(f"{COVENTRY},1", header=f"{HEADER},LA_name"))
    assert (fault.field, fault.problem) == ("line 1, column LA_name", "is la_name once more")


def test_lines_are_counted_as_they_stand_in_the_file() -> None:
    two_lines = authority("332", '"Dudley,\nborough"', measures=turnover("?"))
    refused = faults(file_of("", COVENTRY, two_lines, authority("333", "Sandwell", measures=turnover("!"))))
    assert [fault.field for fault in refused] == [
        "line 4, column la_name",
        "line 6, column turnover_rate_fte_%",
    ]


def test_a_row_of_another_length_is_told() -> None:
    (fault,) = faults(file_of(COVENTRY, f"{england()},1"))
    assert (fault.field, fault.expected, fault.value) == ("line 3", "30 cells", "31 cells")


def test_authorities_that_send_one_return_are_read_as_one_row() -> None:
    body = file_of(authority("314 / 318", "Kingston upon Thames / Richmond upon Thames"))
    assert figure(body, "cases", "314 / 318").authorities == ("314", "318")


@pytest.mark.parametrize(
    ("body", "field", "problem"),
    [
        (b"", "line 1, column time_period", "is missing"),
        (file_of(), "line 2", "is missing"),
        (file_of(COVENTRY)[:-2] + b"\r\n\xff", "line 3", "is not UTF-8"),
        (file_of(f'"{COVENTRY}'), "line 2", "is not CSV (unexpected end of data)"),
        (HEADER.encode("utf-16"), "line 1", "is not UTF-8"),
        (f"{HEADER},\x00\n".encode(), "line 1, column \x00", "is not a column's name"),
    ],
)
def test_what_is_no_release_at_all_is_told(body: bytes, field: str, problem: str) -> None:
    first = faults(body)[0]
    assert (first.field, first.problem) == (field, problem)


def test_of_many_faults_the_first_twenty_are_told() -> None:
    rows = [authority(str(100 + number), "Somewhere", measures=turnover("?")) for number in range(30)]
    refused = faults(file_of(*rows))
    assert [fault.field.partition(",")[0] for fault in refused] == [f"line {number}" for number in range(2, 22)]


def test_dfe_s_release_loads_whole(published_release: Path) -> None:
    release = read_release(published_release.read_bytes())
    assert (release.rows, release.years, release.left_out) == (978, (2017, 2018, 2019, 2020, 2021, 2022), ())
    assert len(release.figures) == 978 * 20
    levels = [level for level, _, _ in {(item.level, item.year, item.code) for item in release.figures}]
    assert (levels.count(Level.ENGLAND), levels.count(Level.REGION), levels.count(Level.AUTHORITY)) == (6, 66, 906)
    assert MEASURES.count(",") + 1 == len(PUBLISHED) - 2  # the release of 2022 has no starters


@pytest.mark.parametrize(
    ("measure", "value"),
    [
        ("in-post", "100"),
        ("in-post-headcount", "110"),
        ("starters-fte", "12"),
        ("starters", "13"),
        ("leavers-fte", "10"),
        ("leavers", "11"),
        ("turnover-rate", "10.1"),
        ("turnover-rate-headcount", "10.2"),
        ("agency", "5"),
        ("agency-headcount", "6"),
        ("agency-worker-rate", "4.8"),
        ("agency-worker-rate-headcount", "4.3"),
        ("agency-cover", "4"),
        ("agency-cover-rate", "80"),
        ("vacancies", "9"),
        ("vacancy-rate", "8.3"),
        ("vacancy-agency-cover-rate", "44.4"),
        ("case-holders-fte", "70"),
        ("cases", "1050"),
        ("average-caseload", "15"),
        ("working-days-lost", "600"),
        ("absence-rate", "2.4"),
    ],
)
def test_each_measure_is_read_from_its_column_of_the_releases_from_2023_on(measure: str, value: str) -> None:
    body = file_of(authority("331", "Coventry", 2025, MEASURES_SINCE_2023), header=HEADER_SINCE_2023)
    assert figure(body, measure).value == Decimal(value)
    release = read_release(body)
    assert release.left_out == ()
    assert set(release.measures) == set(PUBLISHED)


def test_of_very_many_faults_the_first_twenty_are_told_and_the_rest_is_not_looked_for() -> None:
    rows = [authority(f"{code}", "Coventry", measures=turnover("n/a")) for code in range(300, 325)]
    with pytest.raises(Refused) as refused:
        read_release(file_of(*rows))
    assert [fault.field for fault in refused.value.faults] == [
        f"line {line}, column turnover_rate_fte_%" for line in range(2, 22)
    ]
    assert refused.value.left_out == 0
    # The twentieth row has two: one more was found than is told.
    rows[19] = authority("319", "Coventry", measures=turnover("n/a").replace("80.5,", "many,"))
    with pytest.raises(Refused) as refused:
        read_release(file_of(*rows))
    assert (len(refused.value.faults), refused.value.left_out) == (20, 1)
