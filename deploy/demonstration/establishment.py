"""The establishment: the authority's posts, and the shares of each that one worker fills.

Invariant: the funded FTE of a post is the sum of its shares, so its vacancy is the sum of its vacant shares. Academy
posts and the few documented over-established ones are exceptions: they never have a vacant share.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from contracts.codes import CswwRole, Role
from contracts.events.posts import PostChanged, PostClosed, PostEstablished
from deploy.demonstration.ledger import Entry, Ledger

if TYPE_CHECKING:
    from deploy.demonstration.workforce import Worker

WHOLE = Decimal(1)
HALF = Decimal("0.5")

CSWW_ROLES: dict[Role, CswwRole] = {
    Role.NEWLY_QUALIFIED_SOCIAL_WORKER: CswwRole.CASE_HOLDER,
    Role.SOCIAL_WORKER: CswwRole.CASE_HOLDER,
    Role.ADVANCED_SOCIAL_WORKER: CswwRole.CASE_HOLDER,
    Role.SENIOR_PRACTITIONER: CswwRole.SENIOR_PRACTITIONER,
    Role.TEAM_MANAGER: CswwRole.FIRST_LINE_MANAGER,
    Role.LOCAL_AUTHORITY_DESIGNATED_OFFICER: CswwRole.QUALIFIED_WITHOUT_CASES,
    Role.INDEPENDENT_REVIEWING_OFFICER: CswwRole.QUALIFIED_WITHOUT_CASES,
    Role.CHILD_PROTECTION_CHAIR: CswwRole.QUALIFIED_WITHOUT_CASES,
    Role.SERVICE_MANAGER: CswwRole.MIDDLE_MANAGER,
    Role.HEAD_OF_SERVICE: CswwRole.SENIOR_MANAGER,
}
"""The CSWW role of each role; residential staff are outside the census."""

GRADES: dict[Role, str] = {
    Role.NEWLY_QUALIFIED_SOCIAL_WORKER: "grade-6",
    Role.SOCIAL_WORKER: "grade-7",
    Role.ADVANCED_SOCIAL_WORKER: "grade-8",
    Role.SENIOR_PRACTITIONER: "grade-8",
    Role.TEAM_MANAGER: "grade-9",
    Role.LOCAL_AUTHORITY_DESIGNATED_OFFICER: "grade-9",
    Role.INDEPENDENT_REVIEWING_OFFICER: "grade-9",
    Role.CHILD_PROTECTION_CHAIR: "grade-9",
    Role.SERVICE_MANAGER: "grade-10",
    Role.HEAD_OF_SERVICE: "grade-11",
    Role.RESIDENTIAL_CHILDRENS_WORKER: "grade-4",
    Role.SENIOR_RESIDENTIAL_CHILDRENS_WORKER: "grade-5",
    Role.RESIDENTIAL_DEPUTY_MANAGER: "grade-7",
    Role.RESIDENTIAL_REGISTERED_MANAGER: "grade-9",
}
"""Invented grades, as they stood before the regrading of April 2023."""

LOCATIONS: dict[str, str] = {
    "help-and-protection": "city-office",
    "children-in-care": "riverside-office",
    "children-with-disabilities": "riverside-office",
}
"""The invented office of each service area; posts of the others do not state one."""


@dataclass(eq=False, slots=True)
class Share:
    """The part of a post that one worker fills. `fill_after`: until then nobody knows that it is vacant."""

    post: "Post"
    fte: Decimal
    vacated_on: date
    worker: "Worker | None" = None
    fill_after: date = date.min


@dataclass(eq=False, slots=True)
class Post:
    """A post as it stands now, with its shares."""

    identifier: str
    role: Role
    team: str
    service_area: str
    entry: Entry
    shares: list[Share] = field(default_factory=list)
    filled_on: date = date.min

    def is_vacant(self) -> bool:
        """Whether any share of it is vacant."""
        return any(share.worker is None for share in self.shares)


@dataclass(slots=True)
class Establishment:
    """All posts that are open now, by identifier."""

    ledger: Ledger
    posts: dict[str, Post] = field(default_factory=dict)
    _last_number: int = 0

    def establish(
        self,
        effective: date,
        role: Role,
        team_and_area: tuple[str, str],
        shares: tuple[Decimal, ...],
        *,
        identifier: str | None = None,
        days: tuple[int, int] | None = None,
    ) -> Post:
        """A new post in a team and service area, all its shares vacant from `effective` on."""
        if identifier is None:
            self._last_number += 1
            identifier = f"P-{self._last_number:04}"
        team, service_area = team_and_area
        data = PostEstablished(
            effective_from=effective,
            role=role,
            funded_fte=sum(shares, Decimal(0)),
            team=team,
            service_area=service_area,
            grade=GRADES[role],
            csww_role=CSWW_ROLES.get(role),
            location=LOCATIONS.get(service_area),
        )
        post = Post(identifier, role, team, service_area, self.ledger.record(identifier, data, effective, days=days))
        post.shares = [Share(post, fte, effective) for fte in shares]
        self.posts[identifier] = post
        return post

    def change_funding(self, post: Post, effective: date, funded: Decimal, after: Entry) -> Entry:
        """The post is funded for `funded` FTE from `effective` on; recorded right after the entry that caused it."""
        changed = PostChanged(effective_from=effective, funded_fte=funded)
        return self.ledger.record(post.identifier, changed, effective, follows=after)

    def close(self, post: Post, effective: date, after: Entry) -> Entry:
        """The post is not funded from `effective` on; recorded right after the entry that caused it."""
        del self.posts[post.identifier]
        closed = PostClosed(closed_on=effective)
        return self.ledger.record(post.identifier, closed, effective, follows=after)

    def shares(self, role: Role) -> list[Share]:
        """All shares of posts of a role, in the order of the posts."""
        return [share for post in self.posts.values() if post.role is role for share in post.shares]

    def vacant(self, role: Role) -> list[Share]:
        """The vacant shares of a role, longest vacant first."""
        return sorted((s for s in self.shares(role) if s.worker is None), key=lambda share: share.vacated_on)

    def vacancy(self, role: Role) -> Decimal:
        """Vacant FTE of a role."""
        return sum((share.fte for share in self.vacant(role)), Decimal(0))
