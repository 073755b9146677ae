"""Events out of a row of the journal or the inbox: what comes out is what was checked on its way in."""

from typing import Any, cast

import asyncpg
import pytest

from contracts.envelope import Envelope, Event, kafka_headers, parse_event
from services.chassis.stored_events import event_of, source_sequence_of

BODY = b'{"left_on":"2023-10-31","reason":"resignation","destination":"not-known"}'
ATTRIBUTES = {
    "specversion": "1.0",
    "id": "E-2",
    "source": "/hr",
    "type": "uk.workforce.worker.left.v1",
    "subject": "worker/W-1",
    "time": "2023-11-01T09:00:00.000001+00:00",
    "authority": "331",
    "acceptedtime": "2023-11-02T09:00:00+00:00",
    "sequence": "7",
}


def stored(event: Event) -> asyncpg.Record:
    """The row in which an event stands."""
    envelope = event.envelope
    row: dict[str, Any] = {
        "event_id": envelope.id,
        "source": envelope.source,
        "type": envelope.type,
        "subject": envelope.subject,
        "recorded_at": envelope.time,
        "authority": envelope.authority,
        "supersedes": envelope.supersedes,
        "voids": envelope.voids,
        "referred_source": envelope.referred_source,
        "source_sequence": source_sequence_of(envelope),
        "accepted_at": envelope.acceptedtime,
        "sequence": 7,
        "provenance": envelope.provenance,
        "body": event.body.decode(),
    }
    return cast(asyncpg.Record, row)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"supersedes": "E-1", "provenance": "request 12"},
        {"supersedes": "E-1", "supersedessource": "/payroll"},
        {"sourcesequence": "0"},
        {"sourcesequence": "9" * 18},
    ],
)
def test_an_event_comes_out_as_it_was_checked(more: dict[str, str]) -> None:
    checked = parse_event(ATTRIBUTES | more, BODY)
    event = event_of(stored(checked))
    assert event == checked
    assert kafka_headers(event.envelope) == kafka_headers(checked.envelope)
    assert event.envelope.model_dump() == checked.envelope.model_dump()
    assert set(vars(event.envelope)) == set(Envelope.model_fields)


def test_a_withdrawal_of_an_event_of_another_source_comes_out_as_it_was_checked() -> None:
    stated = ATTRIBUTES | {"voids": "E-1", "voidssource": "/payroll"}
    checked = parse_event(stated, b'{"because":"duplicate"}')
    assert event_of(stored(checked)) == checked


def test_no_attribute_of_a_stored_event_can_be_changed() -> None:
    event = event_of(stored(parse_event(ATTRIBUTES, BODY)))
    with pytest.raises(ValueError, match="frozen"):
        event.envelope.id = "E-3"  # type: ignore[misc]


def test_a_stored_event_can_be_copied_with_another_attribute_and_stays_as_it_is() -> None:
    # Data quality asks what would follow if an event had been recorded earlier, or had corrected nothing.
    event = event_of(stored(parse_event(ATTRIBUTES | {"supersedes": "E-1"}, BODY)))
    copied = event.envelope.model_copy(update={"supersedes": None})
    assert (copied.supersedes, event.envelope.supersedes) == (None, "E-1")
    assert copied.model_dump() == event.envelope.model_dump() | {"supersedes": None}
