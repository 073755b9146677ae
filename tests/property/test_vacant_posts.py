"""Whatever was recorded, corrected and voided, the vacant posts come to the vacancies that the definitions say.

Invariant: what is expected here comes from tests/oracle, which shares no code with the services.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.metrics.figures.vacant_posts import VacantPost, vacant_posts
from services.metrics.snapshot.amounts import ONE
from services.metrics.snapshot.employment import Scope
from services.metrics.snapshot.snapshot import Snapshot, known
from tests.oracle.measures import MEASURES as ORACLE
from tests.oracle.measures import Period, by
from tests.oracle.measures import known as known_by_oracle
from tests.whole_histories import FIRST_DAY, LAST_DAY, whole_histories

OLDEST_LAST = ["over-12-months", "9-to-12-months", "6-to-9-months", "3-to-6-months"]
AT_LEAST = {0: OLDEST_LAST, 1: OLDEST_LAST[:3], 2: OLDEST_LAST[:1]}
"""The bands of age that add up to each of the columns over three, six and twelve months."""


def by_team(posts: Sequence[VacantPost], amount: Callable[[VacantPost], int]) -> dict[Any, Fraction]:
    sums: dict[Any, Fraction] = {}
    for post in posts:
        team = (post.dimensions.team,)
        sums[team] = sums.get(team, Fraction(0)) + Fraction(amount(post), ONE)
    return {team: amount for team, amount in sums.items() if amount}


@given(st.data())
def test_vacant_posts_come_to_the_vacancies_uncovered_and_by_age(data: st.DataObject) -> None:
    history = data.draw(whole_histories())
    as_known_at = data.draw(st.sampled_from(sorted({event.envelope.time for event in history})))
    day: date = FIRST_DAY + timedelta(days=data.draw(st.integers(0, (LAST_DAY - FIRST_DAY).days)))
    scope = data.draw(st.sampled_from(list(Scope)))
    posts = vacant_posts(Snapshot(known(history, as_known_at)), day, scope, {}, 0)
    in_force = known_by_oracle(history, as_known_at)

    def expected(measure: str) -> Any:
        return ORACLE[measure](in_force, Period(day, day), scope.value)

    assert by_team(posts, lambda post: post.vacant) == by(expected("vacancies"), ("team",))
    assert by_team(posts, lambda post: post.uncovered) == by(expected("uncovered-vacancies"), ("team",))
    for place, bands in AT_LEAST.items():
        old = [part for part in expected("vacancies-by-age") if part.dimensions["age"] in bands]
        assert by_team(posts, lambda post, at=place: post.over[at]) == by(old, ("team",))  # type: ignore[misc]
