"""What a question's parameters mean, at every boundary: the least and the most, the day itself, the very instant."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from services.chassis.authentication import Caller, Right
from services.chassis.problems import Problem
from services.metrics.api.benchmarks import ComparisonsParameters
from services.metrics.api.changes import ChangesParameters
from services.metrics.api.known import no_such_authority
from services.metrics.api.measures import declared
from services.metrics.api.parameters import (
    BY,
    EVERY_ROW,
    MONTHS,
    AsKnown,
    OfADay,
    OfOneAuthority,
    Paged,
)
from services.metrics.api.query import ACCEPTED, ReadQuery
from services.metrics.api.releases import ReleaseParameters
from services.metrics.api.series import SeriesParameters
from services.metrics.figures.periods import Period
from services.metrics.measures.catalogue import MEASURES
from services.metrics.measures.declaration import Elapsed
from services.metrics.snapshot.employment import Scope
from tests.unit.metrics.questions import COMPLETE, NOW, faults, question, question_of, recorded

VACANCIES, STARTERS, TURNOVER = (MEASURES[name] for name in ("vacancies", "starters", "turnover-rate"))
READER = Caller(name="reader", authority="331", rights=(Right.READ,))


# --- one parameter ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number"), [("1", 1), ("120", 120), ("007", 7), ("0", None), ("121", None), ("-1", None), ("1.0", None),
                         ("", None), (" 1", None), ("+1", None), ("²", None), ("١", None), ("1e1", None)]
)  # fmt: skip
def test_a_whole_number_is_from_the_least_to_the_most(text: str, number: int | None) -> None:
    asked = question(f"months={text}".replace(" ", "%20").replace("+", "%2B"))
    if number is None:
        assert (asked.months, [fault[0] for fault in faults(asked)]) == (12, ["months"])
    else:
        assert asked.months == number
        asked.raise_if_invalid()


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1948-01-01", date(1948, 1, 1)),
        ("2099-12-31", date(2099, 12, 31)),
        ("2024-02-29", date(2024, 2, 29)),
        ("1947-12-31", None),
        ("2100-01-01", None),
        ("2023-02-29", None),
        ("2023-2-1", None),
        ("20230201", None),
    ],
)
def test_a_date_is_of_the_years_there_are(text: str, day: date | None) -> None:
    asked = question(f"as_at={text}")
    assert asked.as_at == day
    if day is None:
        assert [fault[:2] for fault in faults(asked)] == [("as_at", "cannot be read")]


def test_an_instant_is_in_utc_whatever_its_offset() -> None:
    for text in ("2023-11-30T13:00:00%2B01:00", "2023-11-30T13:00:00+01:00", "2023-11-30t07:00:00-05:00"):
        assert question(f"as_known_at={text}").as_known_at == datetime(2023, 11, 30, 12, tzinfo=UTC)
    assert (question().as_known_at, question().known_at) == (None, NOW)


def test_what_is_needed_and_missing_is_told_once_and_what_is_empty_is_told_as_empty() -> None:
    asked = question_of(SeriesParameters, "authority=331&to=")
    for _ in range(2):
        assert [fault[:2] for fault in faults(asked)] == [("from", "is missing"), ("to", "is empty")]


def test_one_value_is_one() -> None:
    asked = question("as_at=2023-10-31&as_at=2023-11-30")
    assert faults(asked) == [("as_at", "is given more than once", "one value")]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("by=role", ("role",)),
        ("by=role,team&by=grade", ("role", "team", "grade")),
        ("by=team,role,team", ("team", "role")),
        ("", ()),
    ],
)
def test_several_words_come_each_once_in_the_order_in_which_they_are_given(query: str, words: tuple[str, ...]) -> None:
    asked = question(query)
    assert asked.by == words
    asked.raise_if_invalid()


@pytest.mark.parametrize("query", ["by=", "by=,", "by=role,", "by=,role", "by=role&by="])
def test_an_empty_word_among_several_is_refused(query: str) -> None:
    asked = question(query)
    assert faults(asked) == [
        ("by", "holds an empty value", "one or more values, with a comma between, or no by at all")
    ]


def test_codes_of_authorities_are_three_digits_and_of_others() -> None:
    asked = question_of(ComparisonsParameters, "authority=331&neighbours=332,33,331,33A,333%0A")
    expected = "three-digit codes of other authorities, as 825,908"
    assert faults(asked) == [("neighbours", "cannot be read", expected)] * 4
    assert asked.neighbours == ("332", "331")


def test_what_is_unknown_is_refused_with_all_there_are() -> None:
    (refused,) = faults(question_of(AsKnown, "as_know_at=2023-11-30T12:00:00Z"))
    assert refused == (
        "as_know_at",
        "is not a parameter",
        "perhaps as_known_at; one of as_known_at, as_accepted_at, format, sheet",
    )
    (refused,) = faults(question_of(ReadQuery, "format=pdf"))
    assert refused == ("format", "cannot be read", "one of json, csv, xlsx")


@pytest.mark.parametrize(
    ("query", "near"),
    [
        ("by=rolle", "perhaps role; for vacancies one or more of role, "),
        ("by=servicearea", "perhaps service_area; for vacancies"),
        ("scope=cenus", "perhaps census; one of "),
        ("role=social-workr", "perhaps social-worker or advanced-social-worker"),
        ("by=xyz", "for vacancies one or more of role, "),
    ],
)
def test_of_a_mistyped_word_the_nearest_of_the_list_are_told_first(query: str, near: str) -> None:
    asked = question(query)
    asked.dimensions(VACANCIES)
    (refused,) = faults(asked)
    assert refused[2].startswith(near)


def test_of_a_mistyped_measure_the_nearest_are_named_and_it_is_said_where_all_are() -> None:
    with pytest.raises(Problem) as refused:
        declared("vacanies")
    detail = str(refused.value)
    assert detail.startswith("'vacanies' is not a measure. Perhaps vacancies or ")
    assert detail.endswith("/v1/measures lists and defines all.")


def test_of_an_authority_that_nothing_is_known_of_the_others_are_named_where_they_may_be_known() -> None:
    nothing = no_such_authority("313", NOW, None)
    assert str(nothing.beside(["331", "835"])).endswith(" There are events of 331, 835.")
    assert str(nothing.beside([])) == str(nothing)
    assert str(nothing.beside(["313", "331"])) == str(nothing)
    assert str(nothing.beside([f"{code}" for code in range(314, 340)])).endswith("is meant.")


# --- whose ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("authority", ["332", "all", "000"])
def test_a_reader_of_one_authority_may_ask_for_no_other(authority: str) -> None:
    with pytest.raises(Problem) as refused:
        question(f"authority={authority}", caller=READER)
    assert refused.value.status == 403
    assert question("authority=331", caller=READER).authority == "331"


def test_who_may_feed_one_authority_may_not_read_it() -> None:
    feeder = Caller(name="feeder", authority="331", rights=(Right.FEED, Right.OPERATE))
    with pytest.raises(Problem):
        question("authority=331", caller=feeder)


def test_one_authority_is_not_all_of_them() -> None:
    assert question("authority=all").authority == "all"
    asked = question_of(OfOneAuthority, "authority=all")
    assert faults(asked) == [("authority", "is every authority", "one authority, as 331")]


# --- instants ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "day"),
    [
        ("", date(2024, 4, 2)),
        ("as_known_at=2023-11-30T23:59:59Z", date(2023, 11, 30)),
        # The day is UTC's; and what is known later than now is not known yet.
        ("as_known_at=2023-12-01T00:30:00%2B01:00", date(2023, 11, 30)),
        ("as_known_at=2030-01-01T00:00:00Z", date(2024, 4, 2)),
    ],
)
def test_the_day_it_is_known_on(query: str, day: date) -> None:
    assert question(query).known_on == day


@pytest.mark.parametrize(("as_at", "refused"), [("2023-11-29", False), ("2023-11-30", False), ("2023-12-01", True)])
def test_a_past_day_is_up_to_the_day_it_is_known_on(as_at: str, refused: bool) -> None:
    asked = question_of(OfADay, f"authority=331&as_at={as_at}&as_known_at=2023-11-30T00:00:00Z")
    assert asked.day == date.fromisoformat(as_at)
    if refused:
        assert faults(asked) == [("as_at", "is to come, as known then", "a date up to 2023-11-30")]
    else:
        asked.raise_if_invalid()
    assert question_of(OfADay, "as_known_at=2023-11-30T00:00:00Z").day == date(2023, 11, 30)


EARLY, LATE = datetime(2023, 12, 31, tzinfo=UTC), datetime(2024, 1, 31, tzinfo=UTC)
ACCEPTED_EARLY, ACCEPTED_LATE = "2023-12-31T00:00:00Z", "2024-01-31T00:00:00Z"


def _two(query: str) -> ChangesParameters:
    return question_of(ChangesParameters, query)


def test_of_two_reports_the_later_instant_says_what_is_known() -> None:
    known = f"from_known={ACCEPTED_LATE}&to_known={ACCEPTED_EARLY}"
    assert _two(known).latest_known_at() == LATE
    assert _two(f"from_known={ACCEPTED_EARLY}").latest_known_at() == NOW
    assert question(f"as_known_at={ACCEPTED_EARLY}").latest_known_at() == EARLY


def test_only_a_report_both_sides_of_which_are_pinned_is_pinned() -> None:
    assert _two(f"from_accepted={ACCEPTED_LATE}&to_accepted={ACCEPTED_EARLY}").latest_accepted_at() == LATE
    assert _two(f"from_accepted={ACCEPTED_LATE}").latest_accepted_at() is None
    assert _two("").latest_accepted_at() is None
    assert question(f"as_accepted_at={ACCEPTED_EARLY}").latest_accepted_at() == EARLY


def test_a_pinned_report_is_complete_up_to_its_instant_at_most() -> None:
    assert question(f"as_accepted_at={ACCEPTED_EARLY}").complete_until() == EARLY
    assert question("as_accepted_at=2030-01-01T00:00:00Z").complete_until() == COMPLETE
    assert question(f"as_known_at={ACCEPTED_EARLY}").complete_until() == COMPLETE
    assert _two(f"from_accepted={ACCEPTED_EARLY}").complete_until() == COMPLETE
    assert question_of(OfOneAuthority).complete_until() is None


def test_what_events_do_not_answer_is_pinned_by_nothing() -> None:
    assert question_of(ComparisonsParameters).pins == ()
    assert question().pins == ("as_accepted_at",)
    assert set(_two("").pins) == {"from_accepted", "to_accepted"} < set(ACCEPTED)


def test_a_figure_is_stale_by_its_day_and_by_the_instant_and_never_by_days_to_come() -> None:
    asked = question()
    asked.age = recorded(datetime(2023, 12, 31, tzinfo=UTC))
    assert [asked.is_stale(day) for day in (date(2024, 3, 31), date(2024, 4, 1), date(2030, 1, 1))] == [
        False,
        True,
        True,
    ]
    earlier = question("as_known_at=2024-03-31T12:00:00Z")
    earlier.age = asked.age
    assert not earlier.is_stale(date(2030, 1, 1))
    later = question("as_known_at=2030-01-01T00:00:00Z")
    later.age = recorded(datetime(2024, 2, 1, tzinfo=UTC))
    assert not later.is_stale(date(2030, 1, 1))


# --- the time asked for -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "period"),
    [
        ("census_year=2023", Period(date(2022, 10, 1), date(2023, 9, 30))),
        ("census_year=1949", Period(date(1948, 10, 1), date(1949, 9, 30))),
        ("financial_year=2023-24", Period(date(2023, 4, 1), date(2024, 3, 31))),
        ("financial_year=1948-49", Period(date(1948, 4, 1), date(1949, 3, 31))),
        ("financial_year=2098-99", Period(date(2098, 4, 1), date(2099, 3, 31))),
        ("financial_year=1999-00", Period(date(1999, 4, 1), date(2000, 3, 31))),
        ("from=2023-10-01&to=2023-10-01", Period(date(2023, 10, 1), date(2023, 10, 1))),
    ],
)
def test_a_period_in_each_way(query: str, period: Period) -> None:
    when = question(f"{query}&planned=true").when(STARTERS)
    assert (when.first, when.last, when.as_at) == (period.first, period.last, period.last)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("census_year=1948", "census_year"),
        ("census_year=2100", "census_year"),
        ("financial_year=1947-48", "financial_year"),
        ("financial_year=2099-00", "financial_year"),
        ("financial_year=2023-23", "financial_year"),
        ("from=2023-10-02&to=2023-10-01", "to"),
        ("from=2023-10-02", "to"),
        ("to=2023-10-02", "from"),
        ("to=2023-10-02&financial_year=2023-24", "to"),
        ("census_year=2023&financial_year=2023-24", "financial_year"),
        ("census_year=2023&as_at=2023-09-30", "as_at"),
        ("months=0", "months"),
        ("months=121", "months"),
    ],
)
def test_what_is_no_period_is_refused(query: str, field: str) -> None:
    asked = question(query)
    asked.when(STARTERS)
    assert [fault[0] for fault in faults(asked)] == [field]


def test_starters_of_a_period_are_judged_at_a_date_of_its_own() -> None:
    asked = question("from=2023-04-01&to=2023-05-31&as_at=2023-12-31&months=7")
    when = asked.when(MEASURES["retention-of-starters"])
    asked.raise_if_invalid()
    assert (when.first, when.last, when.as_at, when.months) == (
        date(2023, 4, 1),
        date(2023, 5, 31),
        date(2023, 12, 31),
        7,
    )


def test_both_years_there_are_no_more_of_are_the_last() -> None:
    assert question("census_year=2099&planned=true").when(VACANCIES).as_at == date(2099, 9, 30)


def test_an_annual_rate_is_of_a_year_to_the_day() -> None:
    question("from=2022-10-01&to=2023-09-30").when(TURNOVER)
    asked = question("from=2022-10-02&to=2023-09-30")
    asked.when(TURNOVER)
    assert faults(asked) == [("from", "is not a year before 2023-09-30", "2022-10-01: turnover-rate is of a year")]


def test_without_a_date_the_day_it_is_known_on_is_meant_and_a_link_says_so() -> None:
    asked = question("as_known_at=2023-11-30T12:00:00Z")
    assert asked.when(VACANCIES).as_at == date(2023, 11, 30)
    assert asked.meant == {"as_at": "2023-11-30"}
    assert question("as_at=2023-10-31").meant == {}


def test_what_was_planned_counts_where_that_is_said() -> None:
    assert question("as_at=2024-04-03").when(VACANCIES).elapsed is Elapsed.TO_COME
    assert question("as_at=2024-04-02").when(VACANCIES).elapsed is Elapsed.OVER
    assert question("as_at=2024-04-03&planned=true").when(VACANCIES).elapsed is Elapsed.PLANNED
    assert question("as_at=2024-04-03&planned=false").when(VACANCIES).elapsed is Elapsed.TO_COME


def test_of_every_measure_those_are_left_out_that_the_period_does_not_fit_and_a_named_one_is_refused() -> None:
    measures = [STARTERS, TURNOVER, VACANCIES]
    of_a_quarter = "from=2023-07-01&to=2023-09-30"
    whens = question(of_a_quarter).whens(measures, leave_out=True)
    assert [measure.name for measure, _ in whens] == ["starters", "vacancies"]
    asked = question(of_a_quarter)
    asked.whens(measures, leave_out=False)
    assert [fault[0] for fault in faults(asked)] == ["from"]
    of_a_year = question("census_year=2023").whens(measures, leave_out=True)
    assert [measure.name for measure, _ in of_a_year] == ["starters", "turnover-rate", "vacancies"]
    assert question("as_at=2023-09-30").whens(measures, leave_out=True)[2][1].as_at == date(2023, 9, 30)


# --- models -----------------------------------------------------------------------------------------------------------


def test_all_that_is_wrong_with_a_query_is_told_at_once_and_before_anything_else_is_done() -> None:
    asked = question_of(
        SeriesParameters, "authority=33&to=2023-13-01&every=week&by=&scope=some&role=x&limit=1&months=0&format=pdf"
    )
    assert [fault[:2] for fault in faults(asked)] == [
        ("limit", "is not a parameter"),
        ("authority", "cannot be read"),
        ("from", "is missing"),
        ("to", "cannot be read"),
        ("every", "cannot be read"),
        ("by", "holds an empty value"),
        ("scope", "cannot be read"),
        ("months", "cannot be read"),
        ("role", "cannot be read"),
        ("format", "cannot be read"),
    ]


def test_a_model_has_the_parameters_of_those_it_is_made_of_and_of_one_name_its_own() -> None:
    class Base(AsKnown):
        months = MONTHS

    class Model(Base, Paged):
        months = replace(MONTHS, required=True)
        by = BY

    assert list(Model.declared) == [
        "as_known_at", "as_accepted_at", "months", "limit", "offset", "by", "format", "sheet"
    ]  # fmt: skip
    assert (Base.declared["months"].required, Model.declared["months"].required) == (False, True)
    assert [one["name"] for one in Model.documented()["parameters"]] == list(Model.declared)


def test_who_sends_something_cannot_choose_a_format() -> None:
    (refused,) = faults(question_of(ReleaseParameters, "release=2022&published=2023-02-23&format=csv"))
    assert refused == ("format", "is not a parameter", "one of release, published, source")


# --- what of it -------------------------------------------------------------------------------------------------------


def test_filters_are_values_of_dimensions_that_the_measure_has() -> None:
    asked = question("role=social-worker&csww_role=5&grade=not-stated&team=a.b_c-1")
    assert asked.filters(VACANCIES) == {"role": "social-worker", "csww_role": 5, "grade": None, "team": "a.b_c-1"}
    asked.raise_if_invalid()
    for query, field in (
        ("role=social-workr", "role"),
        ("csww_role=7", "csww_role"),
        ("csww_role=0", "csww_role"),
        (f"team={'a' * 65}", "team"),
        ("team=-a", "team"),
        ("leaving_reason=retired", "leaving_reason"),
    ):
        asked = question(query)
        assert asked.filters(VACANCIES) == {}
        assert [fault[0] for fault in faults(asked)] == [field]
    assert question(f"team={'a' * 64}").filters(VACANCIES) == {"team": "a" * 64}


def test_it_is_broken_down_by_dimensions_that_the_measure_has() -> None:
    assert question("by=team,role").dimensions(VACANCIES) == ("team", "role")
    asked = question("by=role,leaving_reason")
    asked.dimensions(VACANCIES)
    assert [(field, problem) for field, problem, _ in faults(asked)] == [("by", "cannot be read")]


def test_the_scope_is_every_post_unless_it_is_said() -> None:
    assert (question().scope, question("scope=census").scope) == (Scope.ALL, Scope.CENSUS)


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ("", (100, 0)),
        ("limit=1", (1, 0)),
        ("limit=1000&offset=10000000", (1000, 10_000_000)),
        ("limit=7&offset=3&format=csv", (EVERY_ROW, 0)),
        ("limit=7&offset=3&format=xlsx", (EVERY_ROW, 0)),
    ],
)
def test_a_page_of_json_and_all_of_a_file(query: str, page: tuple[int, int]) -> None:
    assert question(query).page() == page


@pytest.mark.parametrize(
    ("query", "field"),
    [("limit=0", "limit"), ("limit=1001", "limit"), ("offset=-1", "offset"), ("offset=10000001", "offset")],
)
def test_no_page_and_no_more_than_a_page(query: str, field: str) -> None:
    for of_a_file in ("", "&format=csv"):
        asked = question(query + of_a_file)
        assert [fault[0] for fault in faults(asked)] == [field]
