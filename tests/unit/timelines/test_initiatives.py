"""What a council said of an initiative, as known at each instant."""

from datetime import date, datetime

from contracts.codes import InitiativeKind
from contracts.envelope import Event
from contracts.events.policies import InitiativeAnnounced
from services.metrics.timelines.initiatives import Initiative, initiatives
from services.metrics.timelines.rows import STILL_KNOWN
from tests.histories import at, event, void

MARCH, APRIL, MAY, JUNE = (date(2023, month, 1) for month in (3, 4, 5, 6))


def announced(starts_on: date, title: str = "Open evening", ends_on: date | None = None) -> InitiativeAnnounced:
    return InitiativeAnnounced(title=title, kind=InitiativeKind.OPEN_EVENING, starts_on=starts_on, ends_on=ends_on)


def said(data: InitiativeAnnounced, recorded: date, id: str, supersedes: str | None = None) -> Event:
    return event(data, "initiative/I-1", at(recorded), id, supersedes=supersedes)


def known(events: list[Event]) -> list[tuple[str, date, datetime, datetime]]:
    """Title, start, known from and known to of every row."""
    return [(row.title, row.starts_on, row.known_from, row.known_to) for row in initiatives(events)]


def test_nothing_is_known_of_an_initiative_without_events() -> None:
    assert initiatives([]) == []


def test_an_initiative_is_known_as_it_was_announced_with_all_that_was_said() -> None:
    data = InitiativeAnnounced(
        title="Retention payment",
        kind=InitiativeKind.RETENTION_PAYMENT,
        announced_on=MARCH,
        starts_on=APRIL,
        ends_on=date(2024, 4, 1),
    )
    assert initiatives([said(data, MARCH, "E-1")]) == [
        Initiative(
            "I-1",
            "Retention payment",
            InitiativeKind.RETENTION_PAYMENT,
            MARCH,
            APRIL,
            date(2024, 4, 1),
            at(MARCH),
            STILL_KNOWN,
        )
    ]


def test_what_is_recorded_later_takes_the_place_of_all_that_was_said_whether_it_corrects_or_not() -> None:
    moved = [("Open evening", MAY, at(MARCH), at(APRIL)), ("Late opening", JUNE, at(APRIL), STILL_KNOWN)]
    first, later = said(announced(MAY), MARCH, "E-1"), announced(JUNE, "Late opening")
    assert known([said(later, APRIL, "E-2"), first]) == moved
    assert known([said(later, APRIL, "E-2", supersedes="E-1"), first]) == moved


def test_what_is_said_again_leaves_what_is_known_as_it_was() -> None:
    again = [said(announced(MAY), MARCH, "E-1"), said(announced(MAY), APRIL, "E-2")]
    assert known(again) == [("Open evening", MAY, at(MARCH), STILL_KNOWN)]


def test_one_that_never_happened_is_known_until_it_is_withdrawn() -> None:
    first = said(announced(MAY), MARCH, "E-1")
    assert known([first, void(first, at(APRIL), "E-2")]) == [("Open evening", MAY, at(MARCH), at(APRIL))]


def test_when_the_last_announcement_is_withdrawn_the_one_before_holds_again() -> None:
    first, second = said(announced(MAY), MARCH, "E-1"), said(announced(JUNE), APRIL, "E-2")
    assert known([first, second, void(second, at(MAY), "E-3")]) == [
        ("Open evening", MAY, at(MARCH), at(APRIL)),
        ("Open evening", JUNE, at(APRIL), at(MAY)),
        ("Open evening", MAY, at(MAY), STILL_KNOWN),
    ]


def test_one_announced_anew_after_it_was_withdrawn_was_not_known_in_between() -> None:
    first = said(announced(MAY), MARCH, "E-1")
    assert known([first, void(first, at(APRIL), "E-2"), said(announced(JUNE), MAY, "E-3")]) == [
        ("Open evening", MAY, at(MARCH), at(APRIL)),
        ("Open evening", JUNE, at(MAY), STILL_KNOWN),
    ]
