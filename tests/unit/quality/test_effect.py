"""How a finding moves the stocks, and that every check is declared as it should be."""

from datetime import date

import pytest

from services.metrics.measures.catalogue import MEASURES
from services.metrics.quality.catalogue import CHECKS
from services.metrics.quality.declaration import ACADEMY, SEVERITIES, Severity
from services.metrics.quality.effect import effect
from services.metrics.snapshot.amounts import ONE
from services.metrics.snapshot.snapshot import Snapshot
from tests.histories import established, left, moved, started
from tests.unit.quality.findings import APRIL, NOVEMBER, OCTOBER, SEPTEMBER, TWO_POSTS, history, the_one

W, V = "worker/W-1", "worker/W-2"


def test_without_a_move_from_a_post_not_held_a_post_more_is_vacant() -> None:
    facts = [(W, started(SEPTEMBER)), (W, moved(OCTOBER, "P-9", "P-2", "0.8"))]
    events = history(*TWO_POSTS, *facts)
    told = effect(Snapshot(events), the_one("move-from-post-not-held", events), NOVEMBER)
    assert [event.envelope.id for event in told.without] == ["E-4"]
    assert told.moves == {"in-post": -800_000, "vacancies": 800_000, "uncovered-vacancies": 800_000}


def test_before_the_finding_takes_effect_no_figure_would_differ() -> None:
    events = history(*TWO_POSTS, (W, started(SEPTEMBER)), (W, moved(OCTOBER, "P-9", "P-2")))
    told = effect(Snapshot(events), the_one("move-from-post-not-held", events), SEPTEMBER)
    assert told.moves == {}


def test_without_a_second_start_at_another_fte_the_first_holds_and_the_post_is_shared_beyond_its_funding() -> None:
    facts = [(W, started(SEPTEMBER)), (V, started(SEPTEMBER, "P-1", "0.5")), (W, started(OCTOBER, "P-1", "0.5"))]
    events = history(("post/P-1", established(APRIL)), *facts)
    told = effect(Snapshot(events), the_one("start-in-post-held", events), NOVEMBER)
    assert told.moves == {"in-post": ONE // 2, "over-establishment": ONE // 2}


def test_a_person_who_never_started_counts_as_one_until_the_move_is_withdrawn() -> None:
    events = history(*TWO_POSTS, (W, moved(OCTOBER, "P-1", "P-2")))
    told = effect(Snapshot(events), the_one("move-from-post-not-held", events), NOVEMBER)
    assert told.moves == {
        "in-post": -ONE,
        "vacancies": ONE,
        "uncovered-vacancies": ONE,
        "in-post-headcount": -ONE,
    }


def test_where_more_than_one_event_could_be_wrong_the_fte_in_question_is_told() -> None:
    events = history(*TWO_POSTS, (W, started(SEPTEMBER)), (W, started(OCTOBER, "P-2", "0.5")))
    finding = the_one("overlapping-occupancies", events)
    told = effect(Snapshot(events), finding, NOVEMBER)
    assert (told.affected, told.without, told.moves) == (ONE // 2, (), None)
    assert effect(Snapshot(events), finding, date(2023, 9, 30)).affected == 0


def test_a_leaver_dated_before_the_start_changes_nothing_and_leaves_the_fte_in_question() -> None:
    events = history(*TWO_POSTS, (W, left(SEPTEMBER)), (W, started(OCTOBER, "P-1", "0.6")))
    told = effect(Snapshot(events), the_one("left-before-start", events), NOVEMBER)
    assert (told.affected, told.moves) == (600_000, {})


@pytest.mark.parametrize(("most", "is_worked_out"), [(4, True), (3, False)])
def test_an_effect_is_worked_out_while_no_more_than_so_many_events_stand_around(
    monkeypatch: pytest.MonkeyPatch, most: int, is_worked_out: bool
) -> None:
    # Two posts, a start and the move: four events.
    events = history(*TWO_POSTS, (W, started(SEPTEMBER)), (W, moved(OCTOBER, "P-9", "P-2", "0.8")))
    monkeypatch.setattr("services.metrics.quality.effect.MOST_AROUND", most)
    told = effect(Snapshot(events), the_one("move-from-post-not-held", events), NOVEMBER)
    assert (told.moves is not None) is is_worked_out


@pytest.mark.parametrize(
    ("day", "affected"), [(date(2023, 9, 30), 0), (OCTOBER, ONE // 2), (date(2023, 10, 31), ONE // 2), (NOVEMBER, 0)]
)
def test_fte_is_in_question_from_the_first_day_up_to_and_without_the_day_on_which_it_ends(
    day: date, affected: int
) -> None:
    facts = [(W, started(SEPTEMBER)), (W, started(OCTOBER, "P-2", "0.5")), (W, left(NOVEMBER))]
    events = history(*TWO_POSTS, *facts)
    assert effect(Snapshot(events), the_one("overlapping-occupancies", events), day).affected == affected


def test_every_check_is_declared_in_sentences_and_names_figures_there_are() -> None:
    for name, check in CHECKS.items():
        assert check.name == name
        assert check.meaning.endswith("."), name
        assert check.remedy.endswith("."), name
        assert set(check.moves) <= set(MEASURES) | {ACADEMY}, name
        assert bool(check.moves) is (check.severity is not Severity.INFORMATION), name
        assert check.severity in SEVERITIES


def test_the_gravest_checks_come_first() -> None:
    ranks = [list(SEVERITIES).index(check.severity) for check in CHECKS.values()]
    assert ranks == sorted(ranks)
