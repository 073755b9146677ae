"""Which release answers, whatever was published when: a newer one hides nothing that only an older one has."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.metrics.benchmarks.choosing import NotThere, ReleaseQuery, choose, choose_each_year
from services.metrics.benchmarks.published import LoadedRelease, Rows

AT = datetime(2026, 3, 1, tzinfo=UTC)


def release(name: str, years: tuple[int, ...], measures: tuple[str, ...] = ("cases",)) -> LoadedRelease:
    return LoadedRelease(name, date(int(name) + 1, 2, 1), AT, "0" * 64, 1, years, "made by hand", (), measures)


NEWER, OLDER = release("2025", (2022, 2025)), release("2022", (2021, 2022))
ROWS: Rows = {"2025": {"331": (2022, 2025)}, "2022": {"331": (2021, 2022), "835": (2021,)}}


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        (ReleaseQuery("cases", "331"), (NEWER, 2025)),
        (ReleaseQuery("cases", "331", year=2022), (NEWER, 2022)),
        (ReleaseQuery("cases", "331", year=2021), (OLDER, 2021)),
        (ReleaseQuery("cases", "331", ("2022",)), (OLDER, 2022)),
        (ReleaseQuery("cases", "835"), (OLDER, 2021)),
    ],
)
def test_the_release_published_last_that_has_a_row_answers(
    wanted: ReleaseQuery, chosen: tuple[LoadedRelease, int]
) -> None:
    assert choose([NEWER, OLDER], ROWS, wanted) == chosen


@pytest.mark.parametrize(
    ("wanted", "kind", "detail"),
    [
        (
            ReleaseQuery("cases", "835", ("2025",)),
            "no-such-authority",
            "Release 2025 has no row of authority 835 for any year; ",
        ),
        (ReleaseQuery("cases", "835", year=2022), "no-such-authority", "of it there is 2021 in release 2022."),
        (
            ReleaseQuery("cases", "331", year=2020),
            "no-such-year",
            "there is 2022, 2025 in release 2025; 2021 to 2022 in",
        ),
        (ReleaseQuery("starters", "331"), "not-published", "no column"),
    ],
)
def test_what_is_not_there_is_told_with_what_there_is(wanted: ReleaseQuery, kind: str, detail: str) -> None:
    rows = {} if wanted.measure == "starters" else ROWS
    with pytest.raises(NotThere) as missing:
        choose([NEWER, OLDER], rows, wanted)
    assert missing.value.kind == kind
    assert detail in str(missing.value).replace("None of the releases 2025, 2022 has a column", "no column")


def test_where_nothing_is_loaded_it_is_said_how_to_load() -> None:
    with pytest.raises(NotThere, match="POST /v1/benchmarks/releases loads one"):
        choose([], {}, ReleaseQuery("cases", "331"))


@given(some.dictionaries(some.sampled_from(["2019", "2022", "2025"]), some.sets(some.integers(2017, 2025), min_size=1)))
def test_every_year_of_any_release_is_answered_by_the_newest_that_has_it(years: dict[str, set[int]]) -> None:
    releases = [release(name, tuple(sorted(years[name]))) for name in sorted(years, reverse=True)]
    rows: Rows = {name: {"331": tuple(sorted(of_release))} for name, of_release in years.items()}
    if not years:
        return
    answered = choose_each_year(releases, rows, ReleaseQuery("cases", "331"))
    assert set(answered) == set().union(*years.values())
    for year, newest in answered.items():
        assert newest.name == max(name for name in years if year in years[name])
