"""The academy's part in a forecast of 31 October 2023, member by member, by hand."""

from datetime import date

import pytest

from contracts.codes import Route
from contracts.envelope import Event
from services.metrics.forecasting.academy import Academy, academy
from services.metrics.snapshot.snapshot import Snapshot
from tests.histories import at, event, moved
from tests.unit.forecasting.small import AS_AT, LONG_AGO, NQSW, leaver, opened, post, start

# The ends of October 2023 to April 2024.
DATES = [AS_AT, *(date(2023, 11 + month, 30 + month) for month in (0, 1)), date(2024, 1, 31), date(2024, 2, 29)]
DATES += [date(2024, 3, 31), date(2024, 4, 30)]
ENTRY = date(2023, 2, 1)


def academy_of(*events: Event) -> Academy:
    """What is expected of an academy with posts A-1 to A-5, and service area posts P-1 to P-5."""
    posts = [post(f"A-{number}", role=NQSW) for number in range(1, 6)] + [post(f"P-{number}") for number in range(1, 6)]
    return academy(Snapshot([*posts, *events]), DATES)


def entrant(number: int, on: date = ENTRY, cohort: str | None = "cohort-1") -> Event:
    return start(f"Q-{number}", f"A-{number}", on, route=Route.ACADEMY, cohort=cohort)


def progressed(number: int, on: date) -> Event:
    return event(moved(on, f"A-{number}", f"P-{number}"), f"worker/Q-{number}", at(LONG_AGO), f"progressed-{number}")


def due_of(completes_on: date, *more: Event) -> list[int]:
    return academy_of(opened("cohort-1", ENTRY, completes_on), entrant(1), *more).due


# --- who is due -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("completes_on", "due"),
    [
        (date(2023, 11, 30), [1, 0, 0, 0, 0, 0]),
        (date(2023, 12, 1), [0, 1, 0, 0, 0, 0]),
        (date(2024, 1, 31), [0, 0, 1, 0, 0, 0]),
        (date(2024, 2, 1), [0, 0, 0, 1, 0, 0]),
        (date(2024, 2, 29), [0, 0, 0, 1, 0, 0]),
        (date(2024, 4, 30), [0, 0, 0, 0, 0, 1]),
        (date(2024, 5, 1), [0, 0, 0, 0, 0, 0]),
        # Over for less than a month: the progression may not be recorded yet.
        (date(2023, 10, 31), [1, 0, 0, 0, 0, 0]),
        (date(2023, 10, 1), [1, 0, 0, 0, 0, 0]),
    ],
)
def test_who_is_in_the_academy_is_due_in_the_month_in_which_the_cohort_completes(
    completes_on: date, due: list[int]
) -> None:
    assert due_of(completes_on) == due


@pytest.mark.parametrize("completes_on", [date(2023, 10, 1), AS_AT])
def test_those_whose_year_was_over_within_the_month_are_all_due_in_the_next(completes_on: date) -> None:
    assert due_of(completes_on, entrant(2), entrant(3)) == [3, 0, 0, 0, 0, 0]


def test_those_who_were_due_before_are_due_within_three_months_one_after_another() -> None:
    overdue = [entrant(number) for number in range(2, 6)]
    assert due_of(date(2023, 9, 30), *overdue) == [2, 2, 1, 0, 0, 0]


@pytest.mark.parametrize(
    ("entered", "cohort", "due"),
    [
        pytest.param(date(2023, 2, 28), None, [0, 0, 0, 1, 0, 0], id="28 February to 28 February of a leap year"),
        pytest.param(date(2023, 3, 1), None, [0, 0, 0, 0, 1, 0], id="the first of March"),
        pytest.param(date(2023, 1, 31), "cohort-9", [0, 0, 1, 0, 0, 0], id="a cohort that nobody opened"),
    ],
)
def test_without_a_cohort_the_year_is_over_twelve_months_after_the_start(
    entered: date, cohort: str | None, due: list[int]
) -> None:
    assert academy_of(entrant(1, entered, cohort)).due == due


def test_a_year_from_29_february_is_over_on_28_february() -> None:
    dates = [date(2025, 1, 31), date(2025, 2, 27), date(2025, 2, 28)]
    snapshot = Snapshot([post("A-1", role=NQSW), entrant(1, date(2024, 2, 29), None)])
    assert academy(snapshot, dates).due == [0, 1]


@pytest.mark.parametrize(
    ("left_on", "due"),
    [(date(2023, 10, 31), 0), (date(2023, 11, 15), 0), (date(2023, 12, 31), 0), (date(2024, 1, 1), 1)],
)
def test_whoever_is_known_to_have_left_by_the_end_of_the_month_is_not_due(left_on: date, due: int) -> None:
    assert sum(due_of(date(2023, 12, 4), leaver("Q-1", left_on, LONG_AGO))) == due


@pytest.mark.parametrize(("moved_on", "due"), [(date(2023, 12, 31), 0), (date(2024, 1, 1), 1)])
def test_nor_is_who_is_known_to_progress_by_then(moved_on: date, due: int) -> None:
    assert sum(due_of(date(2023, 12, 4), progressed(1, moved_on))) == due


def test_an_entrant_by_route_counts_without_a_cohort_and_another_worker_in_an_academy_post_does_not() -> None:
    assert sum(academy_of(start("Q-1", "A-1", ENTRY, route=Route.ACADEMY)).due) == 1
    assert sum(academy_of(start("Q-1", "A-1", ENTRY, cohort="cohort-1")).due) == 1
    assert sum(academy_of(start("Q-1", "A-1", ENTRY)).due) == 0


# --- who progressed ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("completes_on", "completed"),
    [
        pytest.param(date(2023, 7, 31), 1, id="three months ago"),
        pytest.param(date(2023, 8, 1), 0, id="a day less than three months ago"),
        pytest.param(date(2021, 8, 1), 1, id="27 months ago less a day"),
        pytest.param(date(2021, 7, 31), 0, id="27 months ago"),
    ],
)
def test_members_count_whose_year_was_over_three_months_before_within_two_years(
    completes_on: date, completed: int
) -> None:
    entered = date(completes_on.year - 1, completes_on.month, completes_on.day)
    academy = academy_of(opened("cohort-1", entered, completes_on), entrant(1, entered))
    assert (academy.completed, academy.progressed) == (completed, 0)


@pytest.mark.parametrize(
    ("moved_on", "has_progressed"), [(date(2023, 5, 1), 1), (date(2023, 8, 1), 1), (date(2023, 8, 2), 0)]
)
def test_who_is_in_another_role_three_months_after_completion_has_progressed(
    moved_on: date, has_progressed: int
) -> None:
    cohort = opened("cohort-1", date(2022, 5, 1), date(2023, 5, 1))
    academy = academy_of(cohort, entrant(1, date(2022, 5, 1)), progressed(1, moved_on))
    assert (academy.completed, academy.progressed) == (1, has_progressed)


def test_who_went_to_a_post_that_nobody_established_is_not_known_to_have_progressed() -> None:
    cohort = opened("cohort-1", date(2022, 5, 1), date(2023, 5, 1))
    academy = academy_of(cohort, entrant(9, date(2022, 5, 1)), start("Q-1", "A-1", date(2022, 5, 1), cohort="cohort-1"))
    # Q-9 entered on A-9, which nobody established either.
    assert (academy.completed, academy.progressed) == (2, 0)


def test_who_left_before_has_completed_and_not_progressed() -> None:
    cohort = opened("cohort-1", date(2022, 5, 1), date(2023, 5, 1))
    academy = academy_of(cohort, entrant(1, date(2022, 5, 1)), leaver("Q-1", date(2022, 9, 1)))
    assert (academy.completed, academy.progressed, sum(academy.due)) == (1, 0, 0)


# --- who enters -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entered", "intake", "entering"),
    [
        (date(2022, 10, 31), 0, [0.0, 0.0]),
        (date(2022, 11, 1), 1, [0.0, 0.0]),
        (date(2023, 10, 31), 1, [0.0, 0.0]),
        (date(2023, 11, 1), 0, [1.0, 0.0]),
        (date(2023, 11, 30), 0, [1.0, 0.0]),
        (date(2023, 12, 1), 0, [0.0, 1.0]),
    ],
)
def test_entrants_of_the_year_up_to_the_date_are_the_usual_intake_and_later_ones_are_to_come(
    entered: date, intake: int, entering: list[float]
) -> None:
    academy = academy_of(entrant(1, entered, None))
    assert (academy.usual_intake, academy.entering[:2]) == (intake, entering)
    assert sum(academy.entering) == sum(entering)


def _of_sizes(*sizes: tuple[date, int]) -> list[Event]:
    """Cohorts that entered on these days with so many members, each of whom has left since."""
    events = []
    for entry, size in sizes:
        events.append(opened(f"cohort-{entry}", entry, date(entry.year + 1, entry.month, 1)))
        for index in range(size):
            worker = f"Q-{entry}-{index}"
            events += [start(worker, "A-1", entry, cohort=f"cohort-{entry}"), leaver(worker, date(2023, 10, 15))]
    return events


JANUARY_8 = date(2024, 1, 8)


@pytest.mark.parametrize(
    ("places", "before", "expected"),
    [
        pytest.param(6, (), 6.0, id="as many as there are places"),
        pytest.param(None, (), 0.0, id="nothing known of its size"),
        pytest.param(None, ((date(2022, 9, 5), 1), (date(2023, 3, 6), 4)), 2.5, id="the mean of those before"),
        pytest.param(6, ((date(2022, 9, 5), 1), (date(2023, 3, 6), 4)), 2.5, id="fewer than there are places"),
        pytest.param(2, ((date(2022, 9, 5), 1), (date(2023, 3, 6), 4)), 2.0, id="fewer places than usual"),
        pytest.param(6, ((date(2021, 10, 31), 1), (date(2023, 3, 6), 4)), 4.0, id="two years ago does not count"),
        pytest.param(6, ((date(2021, 11, 1), 1), (date(2023, 3, 6), 4)), 2.5, id="a day later does"),
        pytest.param(6, ((date(2023, 9, 30), 1), (date(2023, 3, 6), 4)), 2.5, id="entered a month ago: settled"),
    ],
)
def test_a_cohort_that_is_opened_has_as_many_entrants_as_usual_or_as_there_are_places(
    places: int | None, before: tuple[tuple[date, int], ...], expected: float
) -> None:
    academy = academy_of(opened("cohort-new", JANUARY_8, date(2025, 1, 8), places), *_of_sizes(*before))
    assert academy.entering == [0.0, 0.0, expected, 0.0, 0.0, 0.0]


def test_a_place_counts_once_whether_its_entrant_is_recorded_or_only_the_cohort_is() -> None:
    known = [entrant(number, JANUARY_8, "cohort-new") for number in (1, 2)]
    assert academy_of(opened("cohort-new", JANUARY_8, date(2025, 1, 8), 5), *known).entering[2] == 5.0
    assert academy_of(opened("cohort-new", JANUARY_8, date(2025, 1, 8), 1), *known).entering[2] == 2.0


@pytest.mark.parametrize(
    ("entry_on", "more"),
    [
        pytest.param(date(2023, 9, 30), 0.0, id="a month ago"),
        pytest.param(date(2023, 10, 1), 3.0, id="a day later"),
        pytest.param(AS_AT, 3.0, id="on the date"),
    ],
)
def test_of_a_cohort_that_has_just_entered_the_rest_may_not_be_recorded_yet(entry_on: date, more: float) -> None:
    of_it = entrant(1, entry_on, "cohort-new")
    academy = academy_of(opened("cohort-new", entry_on, date(2024, 10, 1), 4), of_it)
    assert (academy.usual_intake, academy.entering[0]) == (1, more)


def test_a_cohort_beyond_the_months_asked_for_does_not_count() -> None:
    last, later = date(2024, 4, 30), date(2024, 5, 1)
    assert sum(academy_of(opened("cohort-new", last, date(2025, 5, 1), 3)).entering) == 3.0
    assert sum(academy_of(opened("cohort-new", later, date(2025, 5, 1), 3)).entering) == 0.0
