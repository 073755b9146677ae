"""Sums over columns, beside a plain loop over the rows of staffing."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.codes import Role
from contracts.envelope import Event
from services.metrics.figures.columns import AMOUNTS, BROKEN_DOWN_BY, Columns, Sums, sums_over
from services.metrics.snapshot.employment import Scope
from services.metrics.timelines.dimensions import NOTHING_STATED
from services.metrics.timelines.rows import FOREVER, STILL_KNOWN, Staffing
from tests.histories import FIRST_DAY, FIRST_INSTANT, LAST_DAY, at, established, event, histories, started
from tests.property.test_timelines import DAYS, Timelines, holds, instants_of

thorough = settings(max_examples=4 * settings.default.max_examples)  # type: ignore[union-attr]

asked_days = st.lists(st.sampled_from([*DAYS, date(1900, 1, 1), date(2300, 1, 1)]), min_size=1, max_size=6)
dimensions = st.lists(st.sampled_from(BROKEN_DOWN_BY), max_size=3, unique=True)
filters: st.SearchStrategy[dict[str, object]] = st.just({}) | st.fixed_dictionaries(
    {},
    optional={
        "role": st.sampled_from([None, "social-worker", "no-such-role"]),
        "team": st.sampled_from([None, "assessment"]),
        "csww_role": st.sampled_from([None, 5]),
    },
)


QueryReader = tuple[str, list[date], datetime, list[str], dict[str, object], Scope]


def summed_row_by_row(
    rows: list[Staffing],
    amount: str,
    days: list[date],
    as_known_at: datetime,
    by: list[str],
    where: dict[str, object],
    scope: Scope,
) -> Sums:
    """What `Columns.sums` is to give, one row and one day after the other."""
    sums: Sums = {} if by else {(): [0] * len(days)}
    for row in rows:
        of_post = row.dimensions
        kept = all(getattr(of_post, name) == value for name, value in where.items())
        if not kept or (scope is Scope.CENSUS and of_post.csww_role is None):
            continue
        for index, day in enumerate(days):
            if holds(row, day, as_known_at):
                key = tuple(getattr(of_post, name) for name in by)
                sums.setdefault(key, [0] * len(days))[index] += getattr(row, amount)
    return sums


@thorough
@given(st.data())
def test_sums_over_columns_are_those_of_a_loop_over_the_rows(data: st.DataObject) -> None:
    history: list[Event] = data.draw(histories())
    rows = Timelines(history).staffing
    columns = Columns.from_rows(rows)
    for as_known_at in data.draw(st.lists(st.sampled_from(instants_of(history)), min_size=1, max_size=3)):
        question: QueryReader = (
            data.draw(st.sampled_from(AMOUNTS)),
            data.draw(asked_days),
            as_known_at,
            data.draw(dimensions),
            data.draw(filters),
            data.draw(st.sampled_from(Scope)),
        )
        assert columns.sums(*question) == summed_row_by_row(rows, *question)


@thorough
@given(histories())
def test_a_series_is_its_days_asked_one_by_one(history: list[Event]) -> None:
    columns = Columns.from_rows(Timelines(history).staffing)
    for as_known_at in instants_of(history):
        series = columns.sums("in_post", DAYS, as_known_at, ["role", "team"])
        for index, day in enumerate(DAYS):
            one_day = columns.sums("in_post", [day], as_known_at, ["role", "team"])
            assert one_day == {key: [series[key][index]] for key in one_day}
            assert all(values[index] == 0 for key, values in series.items() if key not in one_day)


def a_post_half_filled() -> Columns:
    """A post of 1 FTE established in September, half of it occupied from 5 October; the latter recorded a day late."""
    history = [
        event(established(FIRST_DAY), "post/P-1", FIRST_INSTANT, "E-1"),
        event(started(date(2023, 10, 5), fte="0.5"), "worker/W-1", at(date(2023, 10, 6)), "E-2"),
    ]
    return Columns.from_rows(Timelines(history).staffing)


def test_vacancies_by_role_and_team_at_three_days_in_the_order_asked() -> None:
    days = [date(2023, 10, 5), date(2023, 9, 27), date(2023, 10, 4)]
    sums = a_post_half_filled().sums("vacancies", days, at(date(2023, 10, 6)), ["role", "team"])
    assert sums == {("social-worker", "assessment"): [500_000, 0, 1_000_000]}


def test_what_was_recorded_late_is_not_known_before() -> None:
    columns, day = a_post_half_filled(), date(2023, 10, 5)
    just_before = at(date(2023, 10, 6)) - timedelta(microseconds=1)
    assert columns.sums("vacancies", [day], just_before) == {(): [1_000_000]}
    assert columns.sums("vacancies", [day], at(date(2023, 10, 6))) == {(): [500_000]}


def test_without_rows_the_total_is_nothing_and_there_is_no_role() -> None:
    columns = Columns.from_rows(())
    assert columns.sums("in_post", [LAST_DAY, FIRST_DAY], FIRST_INSTANT) == {(): [0, 0]}
    assert columns.sums("in_post", [LAST_DAY], FIRST_INSTANT, ["role"]) == {}
    assert columns.sums("in_post", [], FIRST_INSTANT, ["role"]) == {}


def test_large_sums_are_exact() -> None:
    fte = 999_999_999_999
    instants = (FIRST_INSTANT, STILL_KNOWN)
    post = Staffing(
        "post/P",
        NOTHING_STATED._replace(role=Role.SOCIAL_WORKER),
        fte,
        fte,
        fte,
        fte,
        fte,
        fte,
        fte,
        FIRST_DAY,
        FOREVER,
        *instants,
    )
    sums = Columns.from_rows([post] * 20_000).sums("establishment", [LAST_DAY], FIRST_INSTANT, ["role"])
    assert sums == {("social-worker",): [19_999_999_999_980_000]}


def test_what_is_no_column_of_staffing_is_refused() -> None:
    columns = a_post_half_filled()
    with pytest.raises(ValueError, match="known_to"):
        columns.sums("known_to", [FIRST_DAY], FIRST_INSTANT)
    with pytest.raises(ValueError, match="staffing_unit"):
        columns.sums("in_post", [FIRST_DAY], FIRST_INSTANT, ["staffing_unit"])
    with pytest.raises(ValueError, match="staffing_unit"):
        columns.sums("in_post", [FIRST_DAY], FIRST_INSTANT, where={"staffing_unit": "post/P-1"})


def test_the_same_columns_are_asked_in_one_scope_and_in_the_other_by_one_dimension_and_by_more() -> None:
    """What they keep of one question does for no other."""
    outside = established(FIRST_DAY, "0.6", Role.TEAM_MANAGER).model_copy(update={"csww_role": None})
    history = [
        event(established(FIRST_DAY), "post/P-1", FIRST_INSTANT, "E-1"),
        event(outside, "post/P-2", FIRST_INSTANT, "E-2"),
    ]
    columns = Columns.from_rows(Timelines(history).staffing)
    of_the_census, of_both = (
        {("social-worker",): [1_000_000]},
        {("social-worker",): [1_000_000], ("team-manager",): [600_000]},
    )
    for _ in range(2):
        for scope, expected in ((Scope.CENSUS, of_the_census), (Scope.ALL, of_both)):
            assert columns.sums("vacancies", [LAST_DAY], FIRST_INSTANT, ["role"], scope=scope) == expected
            assert columns.sums("vacancies", [LAST_DAY], FIRST_INSTANT, scope=scope) == {
                (): [sum(sums[0] for sums in expected.values())]
            }
        assert columns.sums("vacancies", [LAST_DAY], FIRST_INSTANT, ["csww_role", "role"]) == {
            (5, "social-worker"): [1_000_000],
            (None, "team-manager"): [600_000],
        }
    assert columns.keys(["role"]) == {("social-worker",), ("team-manager",)}
    assert columns.keys(["role", "team"], {"csww_role": None}) == {("team-manager", "assessment")}
    assert columns.keys([]) == {()}


def test_authorities_add_up_role_by_role() -> None:
    one_of_managers = Columns.from_rows(
        Timelines([event(established(FIRST_DAY, "0.6", Role.TEAM_MANAGER), "post/P-1", FIRST_INSTANT, "E-1")]).staffing
    )
    authorities = [a_post_half_filled(), one_of_managers, a_post_half_filled(), Columns.from_rows(())]
    days, known = [date(2023, 10, 5), date(2023, 10, 4)], at(date(2023, 10, 6))
    assert sums_over(authorities, "vacancies", days, known, ["role"]) == {
        ("social-worker",): [1_000_000, 2_000_000],
        ("team-manager",): [600_000, 600_000],
    }
    assert sums_over(authorities, "vacancies", days, known) == {(): [1_600_000, 2_600_000]}
    # Adding up leaves each authority's own figures as they were.
    assert authorities[0].sums("vacancies", days, known) == {(): [500_000, 1_000_000]}
