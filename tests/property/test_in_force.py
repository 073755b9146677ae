"""Which events are in force, followed from instant to instant, is what the question asked anew at each of them answers.

Invariant: the histories hold chains and circles of corrections and of voids, references to what comes later and to what
never comes, and many events of one instant.
"""

from collections import Counter
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.envelope import Event
from contracts.in_force import changes_in_force, events_in_force
from tests.histories import FIRST_DAY, FIRST_INSTANT, event, histories, histories_of_references, started, void_of
from tests.obvious_in_force import Identity, identity_of, in_force_at

STARTED = "uk.workforce.worker.started.v1"
thorough = settings(max_examples=400)


@st.composite
def long_chains(draw: st.DrawFn, most_events: int = 30) -> list[Event]:
    """Events that mostly refer to one a little before or after them, so that chains are long and some close."""
    count = draw(st.integers(1, most_events))
    last_instant = draw(st.sampled_from([0, 3, 60]))
    events = []
    for index in range(count):
        id, recorded = f"E-{index}", FIRST_INSTANT + timedelta(hours=draw(st.integers(0, last_instant)))
        refers_to = f"E-{index + draw(st.sampled_from([-1, -1, -1, -2, -3, 1, 2]))}"
        how = draw(st.sampled_from(["corrects", "corrects", "voids", "states"]))
        if how == "voids":
            events.append(void_of(refers_to, STARTED, "worker/W-1", recorded, id))
        else:
            corrected = refers_to if how == "corrects" else None
            events.append(event(started(FIRST_DAY), "worker/W-1", recorded, id, supersedes=corrected))
    return events


@thorough
@given(st.one_of(long_chains(), histories_of_references(), histories()))
def test_what_stands_at_every_instant_is_what_it_is_when_worked_out_from_the_beginning(history: list[Event]) -> None:
    in_force: dict[Identity, Event] = {}
    changes = {instant: (begun, ceased) for instant, begun, ceased in changes_in_force(history)}
    assert list(changes) == sorted(changes)
    for instant in sorted({known.envelope.time for known in history}):
        begun, ceased = changes.get(instant, ([], []))
        for gone in ceased:
            del in_force[identity_of(gone)]
        for new in begun:
            identity = identity_of(new)
            assert identity not in in_force
            in_force[identity] = new
        assert (instant in changes) is bool(begun or ceased)
        assert set(in_force) == in_force_at(history, instant)
    now = {identity_of(one) for one in events_in_force(history)}
    assert now == set(in_force)


def test_the_histories_hold_equal_ids_of_two_sources_and_references_from_one_to_the_other() -> None:
    seen: Counter[str] = Counter()

    @settings(database=None, derandomize=True, max_examples=100)
    @given(histories())
    def count(history: list[Event]) -> None:
        ids = Counter((one.envelope.type, one.envelope.id) for one in history)
        present = {one.identity for one in history}
        seen["equal ids"] += any(number > 1 for number in ids.values())
        across = [one for one in history if one.envelope.referred_source is not None]
        seen["found in the other source"] += any(one.referred in present for one in across)
        seen["found in the other source only, and not meant"] += any(
            one.referred not in present and (one.envelope.type, (one.referred or "   ")[2]) in ids
            for one in history
            if one.referred is not None and one.envelope.referred_source is None
        )

    count()
    assert all(seen[name] >= 3 for name in seen), seen
    assert len(seen) == 3
