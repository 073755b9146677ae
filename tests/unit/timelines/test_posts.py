"""What the events of one post say about what it is and what it is funded for."""

from datetime import date
from decimal import Decimal

from contracts.codes import CswwRole, Role
from contracts.envelope import Event
from contracts.events.base import EventData
from contracts.events.posts import PostChanged, PostClosed, PostEstablished
from services.metrics.timelines.dimensions import NOTHING_STATED
from services.metrics.timelines.posts import post_facts
from services.metrics.timelines.rows import FOREVER, STILL_KNOWN, Post, PostFacts
from tests.histories import at, established, event

SEPTEMBER_1, OCTOBER_1, OCTOBER_16 = date(2023, 9, 1), date(2023, 10, 1), date(2023, 10, 16)
NOVEMBER_1 = date(2023, 11, 1)


def at_once(*facts: EventData) -> list[Event]:
    """Facts all recorded at one instant, so that only valid time matters."""
    return [event(data, "post/P-1", at(SEPTEMBER_1), f"E-{index}") for index, data in enumerate(facts)]


def funded(events: list[Event]) -> list[tuple[str, str, date, date]]:
    """Role, funded FTE, from, to of every row."""
    return [
        (str(row.facts.dimensions.role), f"{row.facts.funded / 1_000_000:g}", row.valid_from, row.valid_to)
        for row in post_facts(events)
    ]


def test_nothing_is_known_of_a_post_without_events() -> None:
    assert post_facts([]) == []


def test_a_post_is_what_was_established_from_that_date_on() -> None:
    dimensions = NOTHING_STATED._replace(
        role=Role.SOCIAL_WORKER,
        team="assessment",
        service_area="help-and-protection",
        grade="grade-9",
        csww_role=CswwRole.CASE_HOLDER,
    )
    facts = PostFacts(dimensions, funded=800_000)
    assert post_facts(at_once(established(OCTOBER_1, "0.8"))) == [
        Post("P-1", facts, OCTOBER_1, FOREVER, at(SEPTEMBER_1), STILL_KNOWN)
    ]


def test_a_change_sets_the_facts_it_gives_and_leaves_the_others() -> None:
    cut = PostChanged(effective_from=OCTOBER_16, funded_fte=Decimal("0.5"))
    regraded = PostChanged(effective_from=NOVEMBER_1, role=Role.SENIOR_PRACTITIONER, grade="grade-10")
    rows = post_facts(at_once(established(OCTOBER_1), cut, regraded))
    told = [(row.facts.dimensions, row.facts.funded, row.valid_from) for row in rows]
    assert [(facts.role, facts.team, facts.grade, funded, since) for facts, funded, since in told] == [
        (Role.SOCIAL_WORKER, "assessment", "grade-9", 1_000_000, OCTOBER_1),
        (Role.SOCIAL_WORKER, "assessment", "grade-9", 500_000, OCTOBER_16),
        (Role.SENIOR_PRACTITIONER, "assessment", "grade-10", 500_000, NOVEMBER_1),
    ]


def test_a_change_before_the_post_is_established_says_nothing() -> None:
    early = PostChanged(effective_from=OCTOBER_1, funded_fte=Decimal("0.5"))
    assert funded(at_once(early, established(OCTOBER_16))) == [("social-worker", "1", OCTOBER_16, FOREVER)]


def test_changes_and_closures_of_a_post_never_established_say_nothing() -> None:
    changed = PostChanged(effective_from=OCTOBER_1, funded_fte=Decimal("0.5"))
    assert funded(at_once(changed, PostClosed(closed_on=NOVEMBER_1))) == []


def test_a_change_on_the_day_of_establishment_holds() -> None:
    same_day = at_once(PostChanged(effective_from=OCTOBER_1, funded_fte=Decimal("0.5")), established(OCTOBER_1))
    assert funded(same_day) == [("social-worker", "0.5", OCTOBER_1, FOREVER)]


def test_a_closed_post_keeps_its_facts_without_funding() -> None:
    assert funded(at_once(established(OCTOBER_1), PostClosed(closed_on=NOVEMBER_1))) == [
        ("social-worker", "1", OCTOBER_1, NOVEMBER_1),
        ("social-worker", "0", NOVEMBER_1, FOREVER),
    ]


def test_a_change_of_a_closed_post_does_not_fund_it_again() -> None:
    changed = PostChanged(effective_from=NOVEMBER_1, role=Role.TEAM_MANAGER, funded_fte=Decimal("0.5"))
    assert funded(at_once(established(OCTOBER_1), PostClosed(closed_on=OCTOBER_16), changed)) == [
        ("social-worker", "1", OCTOBER_1, OCTOBER_16),
        ("social-worker", "0", OCTOBER_16, NOVEMBER_1),
        ("team-manager", "0", NOVEMBER_1, FOREVER),
    ]


def test_a_post_established_again_after_it_closed_is_funded_again_with_the_new_facts() -> None:
    reopened = PostEstablished(
        effective_from=NOVEMBER_1,
        role=Role.TEAM_MANAGER,
        funded_fte=Decimal("0.5"),
        team="assessment",
        service_area="help-and-protection",
    )
    rows = post_facts(at_once(established(OCTOBER_1), PostClosed(closed_on=OCTOBER_16), reopened))
    told = [(row.facts.dimensions, row.facts.funded, row.valid_from) for row in rows]
    assert [(facts.role, facts.grade, funded, since) for facts, funded, since in told] == [
        (Role.SOCIAL_WORKER, "grade-9", 1_000_000, OCTOBER_1),
        (Role.SOCIAL_WORKER, "grade-9", 0, OCTOBER_16),
        (Role.TEAM_MANAGER, None, 500_000, NOVEMBER_1),
    ]


def test_a_post_that_closes_and_is_established_on_one_day_is_funded_on_that_day() -> None:
    events = at_once(established(OCTOBER_1), established(NOVEMBER_1, "0.5"), PostClosed(closed_on=NOVEMBER_1))
    assert funded(events) == [
        ("social-worker", "1", OCTOBER_1, NOVEMBER_1),
        ("social-worker", "0.5", NOVEMBER_1, FOREVER),
    ]


def test_a_funding_corrected_later_was_known_otherwise_before() -> None:
    corrected = event(established(OCTOBER_1, "0.5"), "post/P-1", at(NOVEMBER_1), "E-9", supersedes="E-0")
    rows = post_facts([*at_once(established(OCTOBER_1)), corrected])
    assert [(row.facts.funded, row.known_from, row.known_to) for row in rows] == [
        (1_000_000, at(SEPTEMBER_1), at(NOVEMBER_1)),
        (500_000, at(NOVEMBER_1), STILL_KNOWN),
    ]
