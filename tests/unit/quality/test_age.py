"""The check of age: a feed that fell silent, by the rule that marks answers stale."""

from datetime import date, datetime

from contracts.envelope import Event
from tests.histories import at, established, event, left, started
from tests.unit.quality.findings import APRIL, findings_of, the_one

P, W = "post/P-1", "worker/W-1"


def _events() -> list[Event]:
    return [
        event(established(APRIL), P, at(date(2023, 4, 3)), "E-1"),
        event(started(APRIL), W, at(date(2023, 4, 3)), "E-2"),
        event(left(date(2023, 4, 20)), W, at(date(2023, 4, 21)), "E-3"),
    ]


def test_a_feed_of_which_nothing_was_recorded_for_more_than_three_months() -> None:
    events = _events()
    assert findings_of("feed-silent", events, date(2023, 7, 3)) == []
    finding = the_one("feed-silent", events, date(2023, 7, 4))
    assert finding.message == (
        "The newest record of the recruitment feed is /coventry/hr#E-2 of 2023-04-03: what happened since is not "
        "known, and from 2023-07-04 on figures are out of date."
    )
    assert len(findings_of("feed-silent", events, date(2023, 7, 22))) == 2


def test_what_is_sent_later_clears_it_for_its_own_feed_alone() -> None:
    later = event(started(date(2023, 7, 3), "P-1"), W, datetime.fromisoformat("2023-07-03T09:00:00Z"), "E-4")
    (finding,) = findings_of("feed-silent", [*_events(), later], date(2023, 8, 1))
    assert [one.envelope.id for one in finding.events] == ["E-3"]
