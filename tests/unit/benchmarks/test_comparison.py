"""Who is compared with whom, and who ranks where."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from services.metrics.api.releases import why
from services.metrics.benchmarks.comparison import (
    Rank,
    census_date,
    find_areas,
    median_of,
    own_differences,
    published_differences,
    rank,
    rank_in_england,
)
from services.metrics.benchmarks.published import MARKS, PUBLISHED, REASONS, Figure, Level, LoadedRelease

WEST_MIDLANDS = "E12000005"


def figure(code: str, value: str, level: Level = Level.AUTHORITY) -> Figure:
    """A turnover rate of 2022: a number, or a mark."""
    number = Decimal(value) if value[0].isdigit() else None
    region = WEST_MIDLANDS if level is Level.AUTHORITY else None
    return Figure(2022, level, code, f"Area {code}", region, "turnover-rate", number, None if number else value)


def loaded(name: str, published: date) -> LoadedRelease:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    return LoadedRelease(name, published, at, "0" * 64, 1, (2022,), "made by hand", (), ("turnover-rate",))


ENGLAND = figure("E92000001", "17.1", Level.ENGLAND)
REGION = figure(WEST_MIDLANDS, "16.4", Level.REGION)
LONDON = figure("E12000007", "18", Level.REGION)
FIGURES = [
    ENGLAND,
    LONDON,
    REGION,
    figure("331", "18"),
    figure("332", "12.5"),
    figure("333", "18.0"),
    figure("334", "c"),
    figure("335", "25"),
    figure("314 / 318", "9"),
]
PUBLISHED_2023, PUBLISHED_2026 = loaded("2022", date(2023, 2, 23)), loaded("2025", date(2026, 2, 26))


def test_an_authority_is_found_with_its_region_england_and_neighbours() -> None:
    areas = find_areas(FIGURES, "331", ("335", "334", "999"))
    assert (areas.authority, areas.region, areas.england) == (figure("331", "18"), REGION, ENGLAND)
    assert [item.code for item in areas.neighbours] == ["335", "334"]
    assert areas.without_row == ("999",)


def test_an_authority_without_a_row_has_no_region_either() -> None:
    areas = find_areas(FIGURES, "999", ("331",))
    assert (areas.authority, areas.region, areas.england) == (None, None, ENGLAND)


def test_authorities_that_send_one_return_are_one_neighbour_and_none_of_each_other() -> None:
    joint = find_areas(FIGURES, "331", ("318", "314"))
    assert [item.code for item in joint.neighbours] == ["314 / 318"]
    assert joint.without_row == ()
    richmond = find_areas(FIGURES, "318", ("314", "331"))
    assert richmond.authority is not None
    assert richmond.authority.code == "314 / 318"
    assert [item.code for item in richmond.neighbours] == ["331"]


@pytest.mark.parametrize(
    ("code", "value", "expected"),
    [
        ("314 / 318", "9", Rank(1, 5)),
        ("332", "12.5", Rank(2, 5)),
        ("331", "18", Rank(3, 5)),
        ("333", "18.0", Rank(3, 5)),  # equal rates share a rank
        ("335", "25", Rank(5, 5)),  # and the next is two below
        ("334", "c", Rank(None, 5)),  # a mark has no rank and is not counted
    ],
)
def test_the_lowest_rate_is_first_of_all_with_a_figure(code: str, value: str, expected: Rank) -> None:
    assert rank_in_england(figure(code, value), FIGURES) == expected


def test_among_neighbours_the_authority_counts_too() -> None:
    assert rank(figure("331", "18"), [figure("332", "12.5"), figure("334", "c")]) == Rank(2, 2)
    assert rank(figure("331", "18"), []) == Rank(1, 1)


@pytest.mark.parametrize(
    ("values", "middle"),
    [
        (["9", "25", "12.5"], "12.5"),
        (["9", "12.5"], "10.8"),  # 10.75, half up
        (["9", "c", "12.6", "18", "25"], "15.3"),
        (["c"], None),
        ([], None),
    ],
)
def test_the_median_is_the_middle_of_those_with_a_figure(values: list[str], middle: str | None) -> None:
    figures = [figure(f"33{place}", value) for place, value in enumerate(values)]
    assert median_of(figures) == (None if middle is None else Decimal(middle))


def test_it_is_said_when_a_later_release_has_the_year_too() -> None:
    areas = find_areas(FIGURES, "331", ())
    assert published_differences(PUBLISHED_2023, 2022, PUBLISHED_2026, areas, {})[0] == (
        "Release 2022 (published 2023-02-23) is not the latest loaded that has 2022: that is release 2025 (published "
        "2026-02-26), and DfE revises past years."
    )
    assert "not the latest" not in " ".join(published_differences(PUBLISHED_2026, 2022, PUBLISHED_2026, areas, {}))


def test_it_is_said_when_a_row_is_of_two_authorities_or_missing() -> None:
    areas = find_areas(FIGURES, "331", ("318", "998"))
    said = published_differences(PUBLISHED_2023, 2022, PUBLISHED_2023, areas, {"998": ("2019", "2021")})
    assert said == [
        "314 and 318 send one return together: DfE publishes one figure for them, Area 314 / 318.",
        "Release 2022 has no row of 998 for 2022.",
        "Of 998 there is one in release 2019 and in release 2021.",
        "DfE rounds rates and FTE to 1 decimal: authorities that differ by less share a rank.",
        "Figures of regions and of England hold what DfE imputed for authorities without usable data: they are not "
        "made of the published rows of their authorities.",
    ]


def test_of_our_own_figure_it_is_said_what_it_counts_as_at_when_as_known_when() -> None:
    then = datetime(2023, 11, 30, 12, tzinfo=UTC)
    for of_the_day in ("vacancy-rate", "agency-worker-rate-headcount", "average-caseload", "in-post", "cases"):
        (stock,) = own_differences(PUBLISHED[of_the_day], 2022, then, known=True)
        assert stock.startswith(
            "Ours counts posts with a CSWW role, what was so on 2022-09-30, as known at the instant asked for; DfE"
        )
    for of_the_year in ("turnover-rate", "turnover-rate-headcount", "absence-rate", "leavers-fte", "working-days-lost"):
        (flow,) = own_differences(PUBLISHED[of_the_year], 2022, then, known=True)
        assert "what happened in the twelve months up to 2022-09-30" in flow
    assert own_differences(PUBLISHED["vacancy-rate"], 2024, then, known=True)[1] == (
        "At that instant the year to 2024-09-30 was not over: ours counts what there was of it by then."
    )


@pytest.mark.parametrize(
    ("known_at", "was_over"),
    [
        (datetime(2022, 9, 29, 23, 59, tzinfo=UTC), False),
        (datetime(2022, 9, 30, 0, 0, tzinfo=UTC), False),
        (datetime(2022, 9, 30, 23, 59, tzinfo=UTC), False),
        (datetime(2022, 10, 1, 0, 0, tzinfo=UTC), True),
    ],
)
def test_on_the_census_date_itself_the_year_is_not_over(known_at: datetime, was_over: bool) -> None:
    said = own_differences(PUBLISHED["turnover-rate"], 2022, known_at, known=True)
    assert any("was not over" in sentence for sentence in said) is not was_over
    assert census_date(2022) == date(2022, 9, 30)


def test_a_region_is_that_of_the_row_and_england_is_england_whatever_comes_first() -> None:
    for figures in (FIGURES, FIGURES[::-1]):
        areas = find_areas(figures, "331", ("332",))
        assert (areas.region, areas.england) == (REGION, ENGLAND)
    assert find_areas([figure("331", "18")], "331", ()).region is None


def test_neighbours_come_in_the_order_in_which_they_are_close() -> None:
    for codes in (("335", "332", "333"), ("333", "335", "332")):
        assert [item.code for item in find_areas(FIGURES, "331", codes).neighbours] == list(codes)
    # The authority itself is none of its neighbours.
    assert find_areas(FIGURES, "331", ("331", "332")).neighbours == (figure("332", "12.5"),)


def test_ties_at_the_bottom_and_at_the_top() -> None:
    three = [figure("332", "5"), figure("333", "5"), figure("334", "7")]
    assert rank(figure("331", "5"), three) == Rank(1, 4)
    assert rank(figure("331", "7"), three) == Rank(3, 4)
    assert rank(figure("331", "0"), three) == Rank(1, 4)
    assert rank(figure("331", "x"), three) == Rank(None, 3)
    # It may stand among the others already.
    assert rank(figure("332", "5"), three) == Rank(1, 3)
    assert rank_in_england(figure("331", "18"), [figure("331", "18"), ENGLAND, REGION]) == Rank(1, 1)


@pytest.mark.parametrize(
    ("mark", "reason"),
    [
        ("c", "suppressed"), ("k", "suppressed"), ("low", "suppressed"), ("u", "suppressed"),
        ("x", "not-counted"), (":", "not-counted"), ("z", "no-denominator"),
    ],
)  # fmt: skip
def test_of_each_of_dfes_marks_it_is_said_why_there_is_no_number(mark: str, reason: str) -> None:
    assert why(None, mark) == {"reason": reason}
    assert why(Decimal(0), None) == {}
    assert set(REASONS) == set(MARKS)


def test_where_nothing_was_known_it_is_said_that_there_is_no_figure_of_ours() -> None:
    then = datetime(2023, 11, 30, 12, tzinfo=UTC)
    assert own_differences(PUBLISHED["vacancies"], 2022, then, known=False) == [
        "Nothing was known of the authority here as at that instant: we have no figure."
    ]
