"""What the routes of people share: authority, feed, and the check of the caller's rights.

Invariant: a caller can neither see nor change anything of an authority that the key is not for.
"""

from typing import Annotated

from fastapi import Path, Request

from contracts.values import AUTHORITY_PATTERN, PATTERNS_IN_WORDS
from services.chassis.authentication import Caller, Right, authenticated_caller
from services.chassis.documentation import refusals
from services.chassis.problems import Problem
from services.chassis.query import Parameter, QueryModel, matching
from services.people.handlers import People

FEED_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+){0,5}$"

FeedName = Annotated[
    str,
    Path(
        description="The feed, as the council calls the system that sends it: lower-case words joined by hyphens.",
        pattern=FEED_PATTERN,
        max_length=40,
        examples=["hr"],
    ),
]

REFUSED = refusals(
    {
        403: "The key has no such right for this authority.",
        422: "A parameter is not as described: which, and what would be right.",
        503: "The database cannot be reached: ask again.",
    }
)


class OfOneAuthority(QueryModel):
    """Of which authority."""

    authority = Parameter(
        "authority",
        "Three-digit code of the authority.",
        matching(AUTHORITY_PATTERN, PATTERNS_IN_WORDS[AUTHORITY_PATTERN], ""),
        "331",
        required=True,
    )

    def raise_unless_allowed(self, right: Right) -> Caller:
        """The caller, once nothing is wrong. Raises a 403 problem if the key lacks this right, and a 422 problem."""
        caller = allowed(self.request, right, self.authority)
        self.raise_if_invalid()
        return caller


def allowed(request: Request, right: Right, authority: str) -> Caller:
    """The caller. Raises a 403 problem if the key has this right only for other authorities."""
    caller = authenticated_caller(request)
    if authority and not caller.may(right, authority):
        raise Problem(403, "not-allowed", "Not allowed", f"This key has no right `{right}` for authority {authority}.")
    return caller


def people_of(request: Request) -> People:
    """What the service that a request came to works with."""
    people: People = request.app.state.people
    return people
