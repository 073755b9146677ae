"""Which events moved a part of a figure, in the demonstration's history."""

import json
from datetime import UTC, date, datetime

import pytest

from contracts.envelope import Event, parse_event
from deploy.demonstration import history
from services.metrics.figures.attribution import Attribution
from services.metrics.figures.changes import PartChange, Report, part_changes
from services.metrics.figures.reading import FigureQuery, Reading
from services.metrics.measures.catalogue import count
from services.metrics.measures.declaration import When
from services.metrics.snapshot.amounts import ONE
from services.metrics.snapshot.snapshot import Snapshot, known

CENSUS = When(date(2022, 10, 1), date(2023, 9, 30), date(2023, 9, 30))
EARLIER, LATER = datetime(2022, 6, 1, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC)
OF_AGENCY = ["agency", "agency-cover", "agency-headcount", "agency-weeks", "uncovered-vacancies"]


@pytest.fixture(scope="module")
def reports() -> tuple[Report, Report]:
    """As known in June 2022, and in March 2024."""
    events = [
        parse_event({name: value for name, value in one.items() if name != "data"}, json.dumps(one["data"]).encode())
        for one in history()
    ]
    return report(events, EARLIER), report(events, LATER)


def report(events: list[Event], instant: datetime) -> Report:
    of_it = known(events, instant)
    snapshot = Snapshot(of_it)
    return Report(Reading("331", instant, lambda: snapshot), of_it)


def changes(reports: tuple[Report, Report], measure: str) -> list[PartChange]:
    attribution = Attribution(reports[0].events, reports[1].events, FigureQuery())
    return part_changes(count(measure), CENSUS, *reports, FigureQuery(), attribution)


def test_cover_that_began_is_the_doing_of_the_event_that_says_so(reports: tuple[Report, Report]) -> None:
    (change,) = (change for change in changes(reports, "agency-cover") if change.subjects == ("post/P-0182",))
    # The post was changed, and people came and went there, in the meantime: none of that covers it.
    assert (change.before, change.after) == (0, ONE)
    assert [(moved.event.envelope.type, moved.effect, moved.others) for moved in change.moved_by] == [
        ("uk.workforce.cover.started.v1", ONE, 0)
    ]


@pytest.mark.parametrize("measure", OF_AGENCY)
def test_effects_add_up_both_ways_round(reports: tuple[Report, Report], measure: str) -> None:
    there, back = changes(reports, measure), changes(reports[::-1], measure)
    assert (
        {change.key: change.difference for change in there} == {change.key: -change.difference for change in back} != {}
    )
    for change in (*there, *back):
        effects = [moved.effect for moved in change.moved_by]
        assert sum(effects) == change.difference
        assert all(effects)
