"""The structure: which teams and posts the invented authority has, and how it changes from year to year.

Invariant: every team has the same posts: one team manager, one senior practitioner, two advanced social workers, five
social workers. Some of them are shared or part time. The names of teams and service areas are invented.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from contracts.codes import Role
from contracts.events.posts import PostChanged, PostEstablished
from deploy.demonstration.establishment import HALF, LOCATIONS, WHOLE, Establishment
from deploy.demonstration.working_days import Month

TEAMS: tuple[tuple[str, str, date], ...] = (
    *((f"mash-and-assessment-{number}", "help-and-protection", date.min) for number in range(1, 8)),
    *((f"area-team-{number}", "help-and-protection", date.min) for number in range(1, 11)),
    *((f"through-care-{number}", "children-in-care", date.min) for number in range(1, 7)),
    *((f"court-team-{number}", "help-and-protection", date.min) for number in range(1, 3)),
    *((f"fostering-{number}", "children-in-care", date.min) for number in range(1, 3)),
    ("children-with-disabilities", "children-with-disabilities", date.min),
    ("horizon", "help-and-protection", date(2019, 4, 1)),
    ("through-care-7", "children-in-care", date(2020, 4, 1)),
    ("area-team-11", "help-and-protection", date(2021, 4, 1)),
    ("area-team-12", "help-and-protection", date(2021, 10, 1)),
    ("mash-and-assessment-8", "help-and-protection", date(2022, 4, 1)),
    ("through-care-8", "children-in-care", date(2022, 7, 1)),
)
"""Teams with their service area and the day they began (`date.min`: before the history)."""

SHARED = (HALF, HALF)
UNEVENLY_SHARED = (Decimal("0.6"), Decimal("0.4"))
PART_TIME = (Decimal("0.8"),)

ADDED_ADVANCED_SOCIAL_WORKERS = date(2020, 10, 1)
"""Twelve teams get a third advanced social worker."""
REORGANISED = date(2022, 4, 1)
"""Court work moves to the service area of children in care, and to its office."""
REGRADED = date(2023, 4, 1)
"""The year in which the paper reports the regrading; the day was chosen."""
REGRADED_ROLES = (
    Role.TEAM_MANAGER,
    Role.LOCAL_AUTHORITY_DESIGNATED_OFFICER,
    Role.INDEPENDENT_REVIEWING_OFFICER,
    Role.CHILD_PROTECTION_CHAIR,
)
MISTYPED_FTE = Decimal("0.1")

_WHOLE_AUTHORITY: tuple[tuple[Role, tuple[str, str], int], ...] = (
    (Role.LOCAL_AUTHORITY_DESIGNATED_OFFICER, ("safeguarding", "quality-assurance"), 2),
    (Role.INDEPENDENT_REVIEWING_OFFICER, ("independent-reviewing", "quality-assurance"), 13),
    (Role.CHILD_PROTECTION_CHAIR, ("child-protection-chairs", "quality-assurance"), 6),
    (Role.SERVICE_MANAGER, ("service-management", "leadership"), 8),
    (Role.HEAD_OF_SERVICE, ("service-management", "leadership"), 4),
)
_RESIDENTIAL_HOMES = 4
_HOME: tuple[tuple[Role, int], ...] = (
    (Role.RESIDENTIAL_REGISTERED_MANAGER, 1),
    (Role.RESIDENTIAL_DEPUTY_MANAGER, 1),
    (Role.SENIOR_RESIDENTIAL_CHILDRENS_WORKER, 2),
    (Role.RESIDENTIAL_CHILDRENS_WORKER, 6),
)

NewPost = tuple[Role, tuple[str, str], tuple[Decimal, ...]]


def opening_posts() -> Iterator[NewPost]:
    """The posts that exist when the history begins: role, team and service area, shares."""
    for number, (team, service_area, began) in enumerate(TEAMS):
        if began == date.min:
            yield from _team_posts((team, service_area), number)
    for role, team_and_area, count in _WHOLE_AUTHORITY:
        yield from ((role, team_and_area, (WHOLE,)) for _ in range(count))
    for home in range(1, _RESIDENTIAL_HOMES + 1):
        for role, count in _HOME:
            yield from ((role, (f"home-{home}", "residential"), (WHOLE,)) for _ in range(count))


def change_structure(establishment: Establishment, month: Month) -> None:
    """The changes of the structure that take effect on the first day of the month."""
    for number, (team, service_area, began) in enumerate(TEAMS):
        if began == month.first:
            _open_team(establishment, began, (team, service_area), number)
    if month.first == ADDED_ADVANCED_SOCIAL_WORKERS:
        for team, service_area, _ in TEAMS[7:19]:
            establishment.establish(month.first, Role.ADVANCED_SOCIAL_WORKER, (team, service_area), (WHOLE,))
    if month.first == REORGANISED:
        _reorganise(establishment)
    if month.first == REGRADED:
        _regrade(establishment)


def _team_posts(team_and_area: tuple[str, str], number: int) -> Iterator[NewPost]:
    yield Role.TEAM_MANAGER, team_and_area, (WHOLE,)
    yield Role.SENIOR_PRACTITIONER, team_and_area, (WHOLE,)
    yield Role.ADVANCED_SOCIAL_WORKER, team_and_area, (WHOLE,)
    yield Role.ADVANCED_SOCIAL_WORKER, team_and_area, SHARED if number % 5 == 0 else (WHOLE,)
    for _ in range(3):
        yield Role.SOCIAL_WORKER, team_and_area, (WHOLE,)
    yield Role.SOCIAL_WORKER, team_and_area, SHARED if number % 4 == 0 else (WHOLE,)
    yield Role.SOCIAL_WORKER, team_and_area, {0: UNEVENLY_SHARED, 3: PART_TIME}.get(number % 6, (WHOLE,))


def _open_team(establishment: Establishment, began: date, team_and_area: tuple[str, str], number: int) -> None:
    posts = [establishment.establish(began, *new) for new in _team_posts(team_and_area, number)]
    if began != date(2021, 4, 1):
        return
    # One of them goes in with a slip of the key, found within days.
    right = posts[0].entry
    assert isinstance(right.data, PostEstablished)  # noqa: S101  (what `establish` records)
    wrong = right.data.model_copy(update={"funded_fte": MISTYPED_FTE})
    right.data, correct = wrong, right.data
    correction = establishment.ledger.record(posts[0].identifier, correct, began, days=(-8, -4), replaces=right)
    establishment.ledger.note(
        "post corrected", f"A post is entered as {MISTYPED_FTE} FTE and replaced by 1.", right, correction
    )


def _reorganise(establishment: Establishment) -> None:
    for post in establishment.posts.values():
        if post.team.startswith("court-team"):
            post.service_area = "children-in-care"
            changed = PostChanged(
                effective_from=REORGANISED, service_area=post.service_area, location=LOCATIONS[post.service_area]
            )
            establishment.ledger.record(post.identifier, changed, REORGANISED)


def _regrade(establishment: Establishment) -> None:
    for post in establishment.posts.values():
        if post.role in REGRADED_ROLES:
            changed = PostChanged(effective_from=REGRADED, grade="grade-10")
            establishment.ledger.record(post.identifier, changed, REGRADED, days=(5, 20))
