"""What changed between two reports, worked out by hand: which figures and parts, in which order, moved by what."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from contracts.codes import Role
from contracts.envelope import Event
from services.metrics.figures.attribution import Attribution
from services.metrics.figures.changes import PartChange, Report, differences, figure_changes, part_changes
from services.metrics.figures.reading import FigureQuery, Reading
from services.metrics.measures.catalogue import MEASURES, count
from services.metrics.measures.declaration import When
from services.metrics.reasons import Reason
from services.metrics.snapshot.employment import Scope
from services.metrics.snapshot.snapshot import Snapshot
from tests.histories import at, established, event, left, started

DAY = date(2023, 10, 31)
WHEN = When(date(2022, 11, 1), DAY, DAY)
APRIL, OCTOBER = date(2023, 4, 1), date(2023, 10, 1)


def post(number: int, fte: str = "1", role: Role = Role.SOCIAL_WORKER, **facts: Any) -> Event:
    data = established(APRIL, fte, role).model_copy(update=facts)
    return event(data, f"post/P-{number}", at(APRIL), f"E-{number}")


def start(worker: int, post: int, fte: str = "1", on: date = APRIL) -> Event:
    return event(started(on, f"P-{post}", fte), f"worker/W-{worker}", at(on), f"S-{worker}")


def report(events: list[Event]) -> Report:
    snapshot = Snapshot(events)
    return Report(Reading("331", at(DAY, 23), lambda: snapshot), events)


def changed(measure: str, before: list[Event], after: list[Event], scope: Scope = Scope.ALL) -> list[PartChange]:
    asked = FigureQuery(scope=scope)
    attribution = Attribution(before, after, asked)
    return part_changes(count(measure), WHEN, report(before), report(after), asked, attribution)


POSTS = [post(1), post(2), post(3, "0.5", Role.TEAM_MANAGER), post(4, csww_role=None)]


def test_parts_that_differ_come_with_the_greatest_difference_first_and_those_alike_by_subject() -> None:
    added = [start(2, 2, "0.25"), start(3, 3, "0.5"), start(1, 1), start(4, 4, "0.5")]
    moved = changed("in-post", POSTS, [*POSTS, *added])
    assert [(change.subjects, change.before, change.after) for change in moved] == [
        (("post/P-1",), 0, 1_000_000),
        (("post/P-3",), 0, 500_000),
        (("post/P-4",), 0, 500_000),
        (("post/P-2",), 0, 250_000),
    ]
    # A difference counts by how large it is, whichever way it goes.
    back = changed("vacancies", POSTS, [*POSTS, *added])
    assert [(change.subjects, change.difference) for change in back] == [
        (("post/P-1",), -1_000_000),
        (("post/P-3",), -500_000),
        (("post/P-4",), -500_000),
        (("post/P-2",), -250_000),
    ]


def test_a_part_is_told_with_its_dimensions_and_the_events_that_moved_it() -> None:
    before = [*POSTS, start(1, 1)]
    (change,) = changed("vacancies", before, [*before, event(left(OCTOBER), "worker/W-1", at(OCTOBER), "L-1")])
    assert (change.before, change.after, change.difference) == (0, 1_000_000, 1_000_000)
    assert change.dimensions == {
        "role": "social-worker",
        "team": "assessment",
        "service_area": "help-and-protection",
        "grade": "grade-9",
        "csww_role": 5,
        "location": None,
    }
    assert [(moved.event.envelope.id, moved.effect) for moved in change.moved_by] == [("L-1", 1_000_000)]


def test_what_is_the_same_in_both_is_not_told() -> None:
    events = [*POSTS, start(1, 1)]
    assert changed("in-post", events, events) == []
    # A post more that nobody is in moves nobody.
    assert changed("in-post", events, [*events, post(5)]) == []


def test_the_scope_says_which_parts_are_looked_at() -> None:
    after = [*POSTS, start(4, 4), start(1, 1)]
    assert [change.subjects for change in changed("in-post", POSTS, after, Scope.CENSUS)] == [("post/P-1",)]
    assert len(changed("in-post", POSTS, after)) == 2


def test_each_figure_that_is_asked_for_stands_in_both_reports_in_the_order_asked() -> None:
    after = [*POSTS, start(1, 1), start(2, 2, "0.25")]
    wanted = [(MEASURES[name], WHEN) for name in ("vacancy-rate", "in-post", "cases", "establishment")]
    changes = figure_changes(wanted, report(POSTS), report(after), FigureQuery())
    assert [(change.measure.name, change.before, change.after) for change in changes] == [
        ("vacancy-rate", 100, Decimal(50)),  # 2.5 of 2.5 in the census; 1.25 of 2.5
        ("in-post", 0, Decimal("1.25")),
        ("cases", Reason.NOT_COUNTED, Reason.NOT_COUNTED),
        ("establishment", Decimal("3.5"), Decimal("3.5")),
    ]


def test_a_figure_differs_when_its_parts_do_though_they_add_up_to_the_same() -> None:
    before = [*POSTS, start(1, 1)]
    after = [*POSTS, start(2, 2)]
    asked, wanted = FigureQuery(), [(MEASURES[name], WHEN) for name in ("establishment", "in-post", "vacancy-rate")]
    differing = differences(wanted, report(before), report(after), asked, Attribution(before, after, asked))
    assert [(one.change.measure.name, one.change.before, one.change.after) for one in differing] == [
        ("in-post", Fraction(1), Fraction(1))
    ]
    assert [(part.subjects, part.difference) for part in differing[0].parts] == [
        (("post/P-1",), -1_000_000),
        (("post/P-2",), 1_000_000),
    ]
