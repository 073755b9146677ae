"""Which events are in force: corrections, voids, voids of voids, circles, copies."""

from datetime import date, datetime
from itertools import permutations

from contracts.envelope import Event
from contracts.in_force import (
    changes_in_force,
    events_in_force,
    order_of_recording,
    recorded_before,
    rival_versions,
)
from tests.histories import SOURCE, at, event, fte_changed, started, void, void_of

DAY_1 = at(date(2023, 10, 1))
DAY_2 = at(date(2023, 10, 2))
DAY_3 = at(date(2023, 10, 3))
DAY_4 = at(date(2023, 10, 4))
WORKER = "worker/W-1"
STARTED = "uk.workforce.worker.started.v1"
PAYROLL = "/coventry/payroll"
HR_1, PAYROLL_1 = f"{SOURCE}#1", f"{PAYROLL}#1"


def start(id: str, recorded: datetime, supersedes: str | None = None) -> Event:
    return event(started(date(2023, 10, 9)), WORKER, recorded, id, supersedes=supersedes)


def standing_from(events: list[Event]) -> dict[datetime, str]:
    """The ids of what is in force, in one string, from each instant at which it changes; the same in every order."""
    answers = []
    for order in permutations(events):
        in_force: set[str] = set()
        answer = {}
        for instant, begun, ceased in changes_in_force(order):
            in_force |= {event.envelope.id for event in begun}
            in_force -= {event.envelope.id for event in ceased}
            answer[instant] = " ".join(sorted(in_force))
        answers.append(answer)
    assert all(answer == answers[0] for answer in answers)
    return answers[0]


def test_an_event_stands_from_when_it_was_recorded() -> None:
    assert standing_from([start("A", DAY_2)]) == {DAY_2: "A"}


def test_events_recorded_at_one_instant_stand_together() -> None:
    assert standing_from([start("A", DAY_1), start("B", DAY_1), start("C", DAY_2)]) == {DAY_1: "A B", DAY_2: "A B C"}


def test_a_superseding_event_stands_instead_of_the_other() -> None:
    assert standing_from([start("A", DAY_1), start("B", DAY_2, "A")]) == {DAY_1: "A", DAY_2: "B"}


def test_of_a_chain_of_corrections_the_last_stands() -> None:
    chain = [start("A", DAY_1), start("B", DAY_2, "A"), start("C", DAY_3, "B")]
    assert standing_from(chain) == {DAY_1: "A", DAY_2: "B", DAY_3: "C"}


def test_of_two_corrections_of_one_event_the_later_stands() -> None:
    both = [start("A", DAY_1), start("B", DAY_2, "A"), start("C", DAY_3, "A")]
    assert standing_from(both) == {DAY_1: "A", DAY_2: "B", DAY_3: "C"}


def test_a_voided_event_stands_until_the_void_is_recorded() -> None:
    first = start("A", DAY_1)
    assert standing_from([first, void(first, DAY_3, "V")]) == {DAY_1: "A", DAY_3: ""}


def test_a_voided_correction_restores_what_it_had_corrected() -> None:
    correction = start("B", DAY_2, "A")
    assert standing_from([start("A", DAY_1), correction, void(correction, DAY_3, "V")]) == {
        DAY_1: "A",
        DAY_2: "B",
        DAY_3: "A",
    }


def test_a_voided_correction_in_the_middle_of_a_chain_leaves_the_last_standing() -> None:
    middle = start("B", DAY_2, "A")
    chain = [start("A", DAY_1), middle, start("C", DAY_3, "B"), void(middle, DAY_4, "V")]
    assert standing_from(chain) == {DAY_1: "A", DAY_2: "B", DAY_3: "C"}


def test_a_voided_void_restores_the_event() -> None:
    first = start("A", DAY_1)
    first_void = void(first, DAY_2, "V")
    assert standing_from([first, first_void, void(first_void, DAY_3, "W")]) == {DAY_1: "A", DAY_2: "", DAY_3: "A"}


def test_a_void_of_a_void_of_a_void_takes_the_event_away_again() -> None:
    first = start("A", DAY_1)
    first_void = void(first, DAY_2, "V")
    second_void = void(first_void, DAY_3, "W")
    assert standing_from([first, first_void, second_void, void(second_void, DAY_4, "X")]) == {
        DAY_1: "A",
        DAY_2: "",
        DAY_3: "A",
        DAY_4: "",
    }


def test_an_event_voided_twice_stays_away_when_one_of_the_voids_is_voided() -> None:
    first = start("A", DAY_1)
    first_void = void(first, DAY_2, "V")
    events = [first, first_void, void(first, DAY_2, "W"), void(first_void, DAY_3, "X")]
    assert standing_from(events) == {DAY_1: "A", DAY_2: ""}


def test_a_void_recorded_before_its_event_leaves_nothing_to_stand() -> None:
    late = start("A", DAY_2)
    assert standing_from([late, void(late, DAY_1, "V")]) == {}


def test_a_correction_recorded_before_its_event_stands_alone() -> None:
    assert standing_from([start("A", DAY_3), start("B", DAY_1, "A")]) == {DAY_1: "B"}


def test_voids_in_a_circle_change_nothing_else() -> None:
    circle = [
        void_of("W", STARTED, WORKER, DAY_2, "V"),
        void_of("X", STARTED, WORKER, DAY_2, "W"),
        void_of("V", STARTED, WORKER, DAY_3, "X"),
    ]
    assert standing_from([start("A", DAY_1), *circle]) == {DAY_1: "A"}


def test_corrections_in_a_circle_are_all_withdrawn() -> None:
    assert standing_from([start("A", DAY_1, "B"), start("B", DAY_2, "A")]) == {DAY_1: "A", DAY_2: ""}


def test_corrections_of_different_events_of_one_circle_are_versions_of_one_record() -> None:
    circle = [start("A", DAY_1, "B"), start("B", DAY_1, "A")]
    assert standing_from([*circle, start("C", DAY_2, "A"), start("D", DAY_3, "B")]) == {DAY_2: "C", DAY_3: "D"}


def test_a_reference_to_an_event_of_another_subject_is_ignored() -> None:
    other = event(started(date(2023, 10, 9)), "worker/W-2", DAY_2, "B", supersedes="A")
    assert standing_from([start("A", DAY_1), other]) == {DAY_1: "A", DAY_2: "A B"}


def test_a_reference_to_an_event_of_another_type_is_ignored() -> None:
    other = event(fte_changed(date(2023, 10, 9), "0.5"), WORKER, DAY_2, "B", supersedes="A")
    assert standing_from([start("A", DAY_1), other]) == {DAY_1: "A", DAY_2: "A B"}


def test_a_reference_to_an_event_of_another_authority_is_ignored() -> None:
    other = void_of("A", STARTED, WORKER, DAY_2, "B", authority="332")
    assert standing_from([start("A", DAY_1), other]) == {DAY_1: "A"}


def test_a_reference_to_an_event_that_never_came_is_ignored() -> None:
    assert standing_from([start("B", DAY_1, "A"), void_of("C", STARTED, WORKER, DAY_2, "V")]) == {DAY_1: "B"}


def of_payroll(id: str, recorded: datetime, supersedes: str | None = None, of: str | None = None) -> Event:
    """A start as another system recorded it, which numbers its own events."""
    data = started(date(2023, 10, 9))
    source = {"source": PAYROLL, "supersedessource": of}
    return event(data, WORKER, recorded, id, supersedes=supersedes, **source)  # type: ignore[arg-type]


def names_from(events: list[Event]) -> dict[datetime, set[str]]:
    """What stands by source and id, from each instant at which it changes."""
    in_force: set[str] = set()
    answer: dict[datetime, set[str]] = {}
    for instant, begun, ceased in changes_in_force(events):
        in_force = in_force - {one.name for one in ceased} | {one.name for one in begun}
        answer[instant] = in_force
    return answer


def test_events_of_two_sources_with_one_id_are_two() -> None:
    assert names_from([start("1", DAY_1), of_payroll("1", DAY_1)]) == {DAY_1: {HR_1, PAYROLL_1}}


def test_chains_of_corrections_with_equal_ids_in_two_sources_are_told_apart() -> None:
    hr = [start("1", DAY_1), start("2", DAY_2, "1"), start("3", DAY_3, "2")]
    payroll = [of_payroll("1", DAY_1), of_payroll("2", DAY_3, "1"), of_payroll("3", DAY_4, "2")]
    assert names_from([*hr, *payroll]) == {
        DAY_1: {HR_1, PAYROLL_1},
        DAY_2: {f"{SOURCE}#2", PAYROLL_1},
        DAY_3: {f"{SOURCE}#3", f"{PAYROLL}#2"},
        DAY_4: {f"{SOURCE}#3", f"{PAYROLL}#3"},
    }


def test_a_correction_and_a_void_mean_an_event_of_the_source_that_they_name() -> None:
    both = [start("1", DAY_1), of_payroll("1", DAY_1)]
    corrected = of_payroll("2", DAY_2, "1", of=SOURCE)
    assert names_from([*both, corrected]) == {DAY_1: {HR_1, PAYROLL_1}, DAY_2: {PAYROLL_1, f"{PAYROLL}#2"}}
    voided = void_of("1", STARTED, WORKER, DAY_2, "2", source=PAYROLL, voidssource=SOURCE)
    assert names_from([*both, voided]) == {DAY_1: {HR_1, PAYROLL_1}, DAY_2: {PAYROLL_1}}


def test_an_event_may_correct_one_of_its_own_number_in_another_source() -> None:
    assert names_from([start("1", DAY_1), of_payroll("1", DAY_2, "1", of=SOURCE)]) == {
        DAY_1: {HR_1},
        DAY_2: {PAYROLL_1},
    }


def test_a_source_that_names_itself_means_itself() -> None:
    assert names_from([start("1", DAY_1), of_payroll("1", DAY_1), of_payroll("2", DAY_2, "1", of=PAYROLL)]) == {
        DAY_1: {HR_1, PAYROLL_1},
        DAY_2: {HR_1, f"{PAYROLL}#2"},
    }


def test_a_void_of_an_id_that_exists_only_in_another_source_does_nothing_to_it() -> None:
    careless = void_of("1", STARTED, WORKER, DAY_2, "2", source=PAYROLL)
    assert names_from([start("1", DAY_1), careless]) == {DAY_1: {HR_1}}


def test_copies_of_an_event_count_once() -> None:
    first, correction = start("A", DAY_1), start("B", DAY_2, "A")
    assert standing_from([first, first, correction, correction]) == {DAY_1: "A", DAY_2: "B"}


def test_a_chain_of_very_many_voids_ends() -> None:
    events = [start("E-0", DAY_1)]
    for index in range(1, 3001):
        events.append(void_of(f"E-{index - 1}", STARTED, WORKER, DAY_2, f"E-{index}"))
    assert [(instant, len(begun)) for instant, begun, _ in changes_in_force(events)] == [(DAY_1, 1)]


def test_voiding_the_later_of_two_corrections_leaves_the_earlier_standing() -> None:
    later = start("C", DAY_3, "A")
    both = [start("A", DAY_1), start("B", DAY_2, "A"), later, void(later, DAY_4, "V")]
    assert standing_from(both) == {DAY_1: "A", DAY_2: "B", DAY_3: "C", DAY_4: "B"}


def test_two_chains_of_corrections_of_one_event_are_one_record_and_the_end_recorded_last_stands() -> None:
    one, other = [start("B", DAY_2, "A"), start("D", DAY_4, "B")], [start("C", DAY_3, "A")]
    assert standing_from([start("A", DAY_1), *one, *other]) == {DAY_1: "A", DAY_2: "B", DAY_3: "C", DAY_4: "D"}
    assert standing_from(
        [start("A", DAY_1), start("B", DAY_2, "A"), start("C", DAY_4, "A"), start("D", DAY_3, "B")]
    ) == {
        DAY_1: "A",
        DAY_2: "B",
        DAY_3: "D",
        DAY_4: "C",
    }


def test_when_the_first_of_a_record_is_voided_its_correction_stands_all_the_same() -> None:
    first = start("A", DAY_1)
    chain = [first, start("B", DAY_2, "A"), void(first, DAY_3, "V")]
    assert standing_from(chain) == {DAY_1: "A", DAY_2: "B"}


def test_a_correction_of_a_void_stands_and_the_void_goes_on_voiding() -> None:
    first = start("A", DAY_1)
    assert standing_from([first, void(first, DAY_2, "V"), start("B", DAY_3, "V")]) == {
        DAY_1: "A",
        DAY_2: "",
        DAY_3: "B",
    }


def test_a_void_of_both_ends_of_two_chains_leaves_what_they_had_corrected() -> None:
    one, other = start("B", DAY_2, "A"), start("C", DAY_3, "A")
    voids = [void(one, DAY_4, "V"), void(other, DAY_4, "W")]
    assert standing_from([start("A", DAY_1), one, other, *voids]) == {DAY_1: "A", DAY_2: "B", DAY_3: "C", DAY_4: "A"}


def test_of_many_voids_of_one_event_each_must_be_taken_back_before_it_stands_again() -> None:
    first = start("A", DAY_1)
    voids = [void(first, DAY_2, id) for id in ("V1", "V2", "V3")]
    taken_back = [void(one, DAY_3, f"W{index}") for index, one in enumerate(voids)]
    for last in range(3):
        others = [one for index, one in enumerate(taken_back) if index != last]
        assert names_from([first, *voids, *others]) == {DAY_1: {f"{SOURCE}#A"}, DAY_2: set()}
        late = void(voids[last], DAY_4, "W")
        assert names_from([first, *voids, *others, late])[DAY_4] == {f"{SOURCE}#A"}


def test_what_supersedes_a_voided_correction_supersedes_what_that_had_corrected() -> None:
    # The first is recorded last of all: it would be the last version, did it count.
    first, middle = start("A", DAY_4), start("B", DAY_1, "A")
    ends = [start("C", DAY_2, "B"), start("D", DAY_2, "B")]
    for gone, left in (ends, ends[::-1]):
        history = [first, middle, *ends, void(middle, DAY_3, "V"), void(gone, DAY_3, "W")]
        assert names(events_in_force(history)) == [left.envelope.id]
        assert rival_versions(history) == []
        assert list(names_from(history).values())[-1] == {left.name}


def test_a_circle_of_corrections_stands_until_the_last_of_it_is_known() -> None:
    circle = [start("A", DAY_1, "C"), start("B", DAY_2, "A"), start("C", DAY_3, "B")]
    assert standing_from(circle) == {DAY_1: "A", DAY_2: "B", DAY_3: ""}
    # A correction of one of them does stand, and voiding it leaves nothing.
    correction = start("D", DAY_4, "B")
    assert standing_from([*circle, correction]) == {DAY_1: "A", DAY_2: "B", DAY_3: "", DAY_4: "D"}


def names(events: list[Event]) -> list[str]:
    return [one.envelope.id for one in events]


def test_what_stands_now_is_told_in_the_order_of_recording() -> None:
    events = [start("C", DAY_2), start("B", DAY_3, "A"), start("A", DAY_1), start("D", DAY_2)]
    assert [names(events_in_force(order)) for order in permutations(events)] == [["C", "D", "B"]] * 24
    # So are those of several subjects, of which some are corrected and some are not.
    of_others = [
        event(started(date(2023, 10, 9)), "worker/W-2", DAY_4, "F"),
        event(started(date(2023, 10, 9)), "worker/W-3", DAY_1, "E"),
    ]
    assert names(events_in_force([*of_others, *events])) == ["E", "C", "D", "B", "F"]
    assert names(events_in_force(of_others)) == ["E", "F"]


def test_of_rival_corrections_the_one_recorded_last_is_what_stands_now() -> None:
    rivals = [start("C", DAY_3, "A"), start("A", DAY_1), start("D", DAY_4, "A"), start("B", DAY_2, "A")]
    assert [names(events_in_force(order)) for order in permutations(rivals)] == [["D"]] * 24
    assert names(events_in_force([*rivals, void(rivals[2], DAY_4, "V")])) == ["C"]


def test_rivals_are_versions_of_one_record_of_which_none_supersedes_another() -> None:
    two = [start("C", DAY_3, "A"), start("A", DAY_1), start("B", DAY_2, "A")]
    assert [names(versions) for versions in rival_versions(two)] == [["B", "C"]]
    three = [*two, start("D", DAY_4, "A"), start("E", DAY_2)]
    assert [names(versions) for versions in rival_versions(three)] == [["B", "C", "D"]]
    chain = [start("A", DAY_1), start("B", DAY_2, "A"), start("C", DAY_3, "B"), start("E", DAY_2)]
    assert rival_versions(chain) == []
    assert rival_versions([*two, void(two[0], DAY_4, "V")]) == []
    assert rival_versions([]) == []


def recorded(time: datetime, source: str, stated: str | None, id: str = "E-1") -> Event:
    return event(started(date(2023, 10, 9)), WORKER, time, id, source=source, sourcesequence=stated)


def test_events_are_in_the_order_of_time_then_source_then_what_the_source_states_then_id_then_type() -> None:
    in_order = [
        recorded(DAY_1, "/z", "99", "Z"),
        recorded(DAY_2, "/a", None, "A"),
        recorded(DAY_2, "/a", None, "B"),
        recorded(DAY_2, "/a", "0", "A"),
        recorded(DAY_2, "/a", "9", "Z"),
        recorded(DAY_2, "/a", "10", "A"),
        event(fte_changed(date(2023, 10, 9), "1"), WORKER, DAY_2, "B", source="/b"),
        recorded(DAY_2, "/b", None, "B"),
        recorded(DAY_2, "/b", None, "C"),
    ]
    for order in (in_order, in_order[::-1], in_order[3:] + in_order[:3]):
        assert sorted(order, key=order_of_recording) == in_order
    assert order_of_recording(in_order[5]) == (DAY_2, "/a", 10, "A", STARTED)
    assert order_of_recording(in_order[1])[2] == -1


def test_one_event_is_stated_to_be_before_another_by_time_or_by_one_sources_own_numbers() -> None:
    def before(one: Event, other: Event) -> bool:
        return recorded_before(order_of_recording(one), order_of_recording(other))

    assert before(recorded(DAY_1, "/b", "9"), recorded(DAY_2, "/a", "1"))
    assert not before(recorded(DAY_2, "/a", "1"), recorded(DAY_1, "/a", "9"))
    assert before(recorded(DAY_1, "/a", "9"), recorded(DAY_1, "/a", "10"))
    assert before(recorded(DAY_1, "/a", None), recorded(DAY_1, "/a", "0"))
    assert not before(recorded(DAY_1, "/a", "9"), recorded(DAY_1, "/a", "9", "E-2"))
    assert not before(recorded(DAY_1, "/a", None), recorded(DAY_1, "/a", None, "E-2"))
    assert not before(recorded(DAY_1, "/a", "9"), recorded(DAY_1, "/b", "10"))
