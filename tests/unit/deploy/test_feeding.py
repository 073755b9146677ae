"""How a history is sent to the services: which event to whom, in which order, and what is said of a refusal."""

from typing import Any

import pytest

from deploy.embedded.feeding import FEEDS, batches, feed, key_headers
from deploy.embedded.processes import PartFailed, free_port
from tests.unit.deploy.answering import Request, answering

ESTABLISHED, LEFT = "uk.workforce.post.established.v1", "uk.workforce.worker.left.v1"


def history(*types: str) -> list[dict[str, Any]]:
    """Events of these types, numbered from 1."""
    return [{"id": str(number), "type": type_} for number, type_ in enumerate(types, start=1)]


def test_each_event_goes_to_the_service_that_owns_its_type_in_the_order_of_recording() -> None:
    sent = [(name, [event["id"] for event in events]) for name, events in batches(history(LEFT, ESTABLISHED, LEFT))]
    assert sent == [("recruitment", ["2"]), ("retention", ["1", "3"])]


def test_the_services_take_turns_after_250_events() -> None:
    sent = [(name, len(events)) for name, events in batches(history(*([ESTABLISHED] * 251), LEFT))]
    assert sent == [("recruitment", 250), ("recruitment", 1), ("retention", 1)]
    (first, second, _) = batches(history(*([ESTABLISHED] * 251), LEFT))
    assert [event["id"] for event in (first[1][0], first[1][-1], second[1][0])] == ["1", "250", "251"]


def test_nothing_is_sent_of_nothing() -> None:
    assert list(batches([])) == []


def test_a_batch_is_sent_with_the_key_and_told_when_it_was_taken() -> None:
    told: list[int] = []
    with answering(lambda asked: (202, {})) as services:
        urls = {"recruitment": services.url, "retention": services.url}
        feed(history(ESTABLISHED, ESTABLISHED, LEFT), urls, "the-key", told.append)
    assert told == [2, 1]
    assert [asked.path for asked in services.asked] == ["/v1/events", "/v1/events"]
    assert [asked.headers["authorization"] for asked in services.asked] == ["Bearer the-key"] * 2
    assert {asked.headers["content-type"] for asked in services.asked} == {"application/cloudevents-batch+json"}
    assert [[event["id"] for event in asked.body] for asked in services.asked] == [["1", "2"], ["3"]]


def test_without_a_key_none_is_shown() -> None:
    assert key_headers(None) == {}
    assert key_headers("k") == {"Authorization": "Bearer k"}


def test_refused_events_are_told_and_nothing_is_sent_after_them() -> None:
    def answer(asked: Request) -> tuple[int, Any]:
        results = [{"id": event["id"], "status": "accepted"} for event in asked.body]
        return 422, {"results": [{"id": "0", "status": "rejected", "detail": "no such role"}, *results]}

    told: list[int] = []
    with (
        answering(answer) as services,
        pytest.raises(PartFailed, match=r"^recruitment rejected 1 of 3 events sent to it, among them\n.*no such role"),
    ):
        feed(history(ESTABLISHED, ESTABLISHED, LEFT), dict.fromkeys(FEEDS, services.url), None, told.append)
    assert told == []
    assert len(services.asked) == 1


def test_five_of_many_refused_events_are_shown() -> None:
    results = [{"id": str(number), "status": "rejected"} for number in range(1, 8)]
    with answering(lambda asked: (422, {"results": results})) as services, pytest.raises(PartFailed) as failure:
        feed(history(LEFT), {"retention": services.url}, None, lambda _: None)
    assert str(failure.value).count("'status': 'rejected'") == 5
    assert "retention rejected 7 of 7 events" in str(failure.value)


@pytest.mark.parametrize("answer", [(401, {"title": "A key is needed"}), (500, "oh no")])
def test_another_answer_is_told_as_it_came(answer: tuple[int, Any]) -> None:
    words = "A key is needed" if answer[0] == 401 else "oh no"
    with (
        answering(lambda asked: answer) as services,
        pytest.raises(PartFailed, match=f"^retention answered {answer[0]}: .*{words}"),
    ):
        feed(history(LEFT), {"retention": services.url}, None, lambda _: None)


def test_a_service_that_is_away_is_told() -> None:
    with pytest.raises(PartFailed, match=r"^retention could not be reached while events were sent to it"):
        feed(history(LEFT), {"retention": f"http://127.0.0.1:{free_port()}"}, None, lambda _: None)
