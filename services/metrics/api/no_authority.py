"""The refusal of an authority of which nothing was known, and which others may be meant.

Invariant: other authorities are named to those alone who may read them; that is seen to where a question is worked out.
"""

from collections.abc import Sequence

from contracts.near_names import MOST_LISTED, meant
from services.chassis.problems import Problem


class NoSuchAuthority(Problem):
    """The 404 problem for an authority of which nothing was known: that is not the same as 0."""

    def __init__(self, authority: str, detail: str) -> None:
        super().__init__(404, "no-such-authority", "Nothing is known of this authority", detail)
        self.authority = authority

    def beside(self, known: Sequence[str]) -> "NoSuchAuthority":
        """The same, with the authorities that may be meant; unless something is known of this one now."""
        if not known or self.authority in known:
            return self
        few = len(known) <= MOST_LISTED
        others = f"There are events of {', '.join(known)}." if few else meant(self.authority, known)
        return NoSuchAuthority(self.authority, f"{self.body['detail']} {others}")
