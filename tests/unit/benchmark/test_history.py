"""The invented England of the bench."""

from itertools import islice

from tests.benchmark.history import Authority, accepted, records


def test_an_authority_has_about_6500_events_in_the_order_of_recording_that_keep_their_contracts() -> None:
    history = list(Authority("201").history())
    assert 6_300 < len(history) < 6_900
    times = [accepted(stated, sequence).envelope.time for sequence, stated in enumerate(history, start=1)]
    assert times == sorted(times)


def test_some_events_are_recorded_late_some_corrected_some_withdrawn() -> None:
    history = list(Authority("201").history())
    left = [
        stated
        for stated in history
        if stated.attributes["type"].endswith("worker.left.v1") and "left_on" in stated.data
    ]
    late = sum(stated.recorded.date().isoformat() > stated.data["left_on"] for stated in left)
    assert 0.1 < late / len(left) < 0.6
    ids = {stated.attributes["id"]: stated for stated in history}
    for name, least, most in (("supersedes", 200, 300), ("voids", 40, 100)):
        mended = [stated for stated in history if name in stated.attributes]
        assert least < len(mended) < most
        assert all(ids[stated.attributes[name]].recorded < stated.recorded for stated in mended)


def test_the_same_authorities_give_the_same_records() -> None:
    first, second = list(islice(records(2), 3_000)), list(islice(records(2), 3_000))
    assert first == second
    assert {record.key[:4] for record in first} == {b"201:", b"202:"}
