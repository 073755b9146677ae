"""The opening: what the authority entered in July 2018, when it began to record.

Invariant: every post is entered from the day on which its holder took it up, or on which it fell vacant. So no figure
before July 2018 shows a vacancy that was not there. Nothing else is known of the authority before that day.
"""

from datetime import date, timedelta
from random import Random

from contracts.codes import Role
from deploy.demonstration.establishment import WHOLE
from deploy.demonstration.plan import vacancies_planned
from deploy.demonstration.published import FIRST_DAY
from deploy.demonstration.structure import NewPost, opening_posts
from deploy.demonstration.workforce import Workforce, coming_by_chance
from deploy.demonstration.working_days import day_between, monday_from

EARLIEST_START = date(2003, 4, 7)
LATEST_START = date(2018, 4, 2)
AVERAGE_SERVICE_DAYS = 1600
"""Invented, as are all starts before the history."""
VACANT_SINCE = date(2018, 3, 1)
POSTS_ENTERED = date(2018, 7, 2)
WORKERS_ENTERED = date(2018, 7, 4)


def open_history(workforce: Workforce, chance: Random) -> None:
    """Enter the posts of July 2018 and the workers in them, with as many vacant as planned."""
    posts = list(opening_posts())
    vacant = _vacant(posts, chance)
    for number, (role, team_and_area, shares) in enumerate(posts):
        since = day_between(chance, VACANT_SINCE, FIRST_DAY) if number in vacant else _earlier(chance)
        post = workforce.establishment.establish(
            since, role, team_and_area, shares, days=_entered(POSTS_ENTERED, since)
        )
        if number in vacant:
            continue
        for share in post.shares:
            workforce.start(share, since, coming_by_chance(chance), days=_entered(WORKERS_ENTERED, since))
            # The next to share the post came later.
            since = max(since, _earlier(chance))


def _vacant(posts: list[NewPost], chance: Random) -> set[int]:
    vacant: set[int] = set()
    for role in Role:
        whole = [number for number, post in enumerate(posts) if post[0] is role and post[2] == (WHOLE,)]
        vacant.update(chance.sample(whole, int(vacancies_planned(role, FIRST_DAY))))
    return vacant


def _earlier(chance: Random) -> date:
    ago = timedelta(days=int(chance.expovariate(1 / AVERAGE_SERVICE_DAYS)))
    return monday_from(max(EARLIEST_START, LATEST_START - ago))


def _entered(entered: date, effective: date) -> tuple[int, int]:
    days = (entered - effective).days
    return days, days + 1
