"""What the events of one agency assignment say about who covers what."""

from datetime import date
from decimal import Decimal

from contracts.codes import CoverReason, Role
from contracts.envelope import Event
from contracts.events.agency_cover import CoverChanged, CoverEnded
from contracts.events.base import EventData
from services.metrics.timelines.covers import covers
from services.metrics.timelines.dimensions import NOTHING_STATED
from services.metrics.timelines.rows import FOREVER, STILL_KNOWN, Cover
from tests.histories import at, cover_started, event

SEPTEMBER_1, OCTOBER_1, OCTOBER_16 = date(2023, 9, 1), date(2023, 10, 1), date(2023, 10, 16)
NOVEMBER_1 = date(2023, 11, 1)


def at_once(*facts: EventData) -> list[Event]:
    """Facts all recorded at one instant, so that only valid time matters."""
    return [event(data, "cover/C-1", at(SEPTEMBER_1), f"E-{index}") for index, data in enumerate(facts)]


def held(events: list[Event]) -> list[tuple[str | None, str, str, date, date]]:
    """Post, FTE, reason, from, to of every row."""
    return [
        (row.post, f"{row.fte / 1_000_000:g}", row.reason.value, row.valid_from, row.valid_to) for row in covers(events)
    ]


def test_nothing_is_known_of_an_assignment_without_events() -> None:
    assert covers([]) == []


def test_an_assignment_holds_from_its_start_on_as_stated() -> None:
    assert covers(at_once(cover_started(OCTOBER_1, None, "0.6", CoverReason.ADDITIONAL, Role.SOCIAL_WORKER))) == [
        Cover(
            cover="C-1",
            agency_worker="A-1",
            post=None,
            fte=600_000,
            reason=CoverReason.ADDITIONAL,
            stated=NOTHING_STATED._replace(role=Role.SOCIAL_WORKER),
            valid_from=OCTOBER_1,
            valid_to=FOREVER,
            known_from=at(SEPTEMBER_1),
            known_to=STILL_KNOWN,
        )
    ]


def test_an_assignment_does_not_hold_on_the_day_it_ended() -> None:
    assert held(at_once(cover_started(OCTOBER_1), CoverEnded(ended_on=NOVEMBER_1))) == [
        ("P-1", "1", "vacancy", OCTOBER_1, NOVEMBER_1)
    ]


def test_an_assignment_that_ended_on_the_day_it_started_never_held() -> None:
    assert held(at_once(cover_started(OCTOBER_1), CoverEnded(ended_on=OCTOBER_1))) == []


def test_an_assignment_started_again_after_it_ended_holds_again() -> None:
    assert held(at_once(cover_started(OCTOBER_1), CoverEnded(ended_on=OCTOBER_16), cover_started(NOVEMBER_1))) == [
        ("P-1", "1", "vacancy", OCTOBER_1, OCTOBER_16),
        ("P-1", "1", "vacancy", NOVEMBER_1, FOREVER),
    ]


def test_a_change_sets_the_facts_it_gives_and_leaves_the_others() -> None:
    changed = CoverChanged(effective_from=OCTOBER_16, reason=CoverReason.ABSENCE)
    again = CoverChanged(effective_from=NOVEMBER_1, fte=Decimal("0.5"), post="P-2")
    assert held(at_once(cover_started(OCTOBER_1), changed, again)) == [
        ("P-1", "1", "vacancy", OCTOBER_1, OCTOBER_16),
        ("P-1", "1", "absence", OCTOBER_16, NOVEMBER_1),
        ("P-2", "0.5", "absence", NOVEMBER_1, FOREVER),
    ]


def test_a_change_of_the_hourly_rate_alone_does_not_break_the_stretch() -> None:
    dearer = CoverChanged(effective_from=OCTOBER_16, hourly_rate=Decimal("41.50"))
    assert held(at_once(cover_started(OCTOBER_1), dearer)) == [("P-1", "1", "vacancy", OCTOBER_1, FOREVER)]


def test_a_change_before_the_start_says_nothing() -> None:
    early = CoverChanged(effective_from=OCTOBER_1, fte=Decimal("0.5"))
    assert held(at_once(early, cover_started(OCTOBER_16))) == [("P-1", "1", "vacancy", OCTOBER_16, FOREVER)]


def test_a_change_after_the_end_says_nothing() -> None:
    late = CoverChanged(effective_from=NOVEMBER_1, fte=Decimal("0.5"))
    assert held(at_once(cover_started(OCTOBER_1), CoverEnded(ended_on=OCTOBER_16), late)) == [
        ("P-1", "1", "vacancy", OCTOBER_1, OCTOBER_16)
    ]


def test_changes_and_ends_without_a_start_say_nothing() -> None:
    changed = CoverChanged(effective_from=OCTOBER_1, fte=Decimal("0.5"))
    assert held(at_once(changed, CoverEnded(ended_on=NOVEMBER_1))) == []


def test_an_assignment_covers_nothing_while_its_fte_is_0() -> None:
    paused = CoverChanged(effective_from=OCTOBER_16, fte=Decimal(0))
    resumed = CoverChanged(effective_from=NOVEMBER_1, fte=Decimal("0.8"))
    assert held(at_once(cover_started(OCTOBER_1), paused, resumed)) == [
        ("P-1", "1", "vacancy", OCTOBER_1, OCTOBER_16),
        ("P-1", "0.8", "vacancy", NOVEMBER_1, FOREVER),
    ]


def test_an_end_entered_late_is_known_only_from_then_on() -> None:
    ended = event(CoverEnded(ended_on=OCTOBER_1), "cover/C-1", at(NOVEMBER_1), "E-9")
    rows = covers([*at_once(cover_started(SEPTEMBER_1)), ended])
    assert [(row.valid_to, row.known_from, row.known_to) for row in rows] == [
        (FOREVER, at(SEPTEMBER_1), at(NOVEMBER_1)),
        (OCTOBER_1, at(NOVEMBER_1), STILL_KNOWN),
    ]
