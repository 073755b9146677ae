"""Checks of holders and covers of a post that is not funded that day.

Invariant: each is found by exactly one check: the post is unknown, not yet established, or closed. (`posts.py`
checks funded posts with more occupants than funding.)
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from itertools import islice
from operator import itemgetter

from contracts.envelope import Event
from services.metrics.quality.declaration import (
    Affected,
    Check,
    Finding,
    Severity,
    in_order,
    in_words,
    on_a_day,
    runs,
)
from services.metrics.quality.uses import (
    Use,
    about_post,
    naming,
    uses,
)
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.timelines.rows import FOREVER, Post

ON_POSTS = ("in-post", "vacancies", "over-establishment", "agency", "agency-cover", "uncovered-vacancies")

MOST_OF_A_POST = 10_000
"""How often uses of one post and its closings are put together, at most. If thousands are on a post that closes and
opens thousands of times, the first are named."""


def _where_not_funded(
    snapshot: Snapshot,
    check: str,
    span: Callable[[Sequence[Post]], Iterable[tuple[date, date]]],
    why: Callable[[tuple[date, date]], str],
) -> Iterable[Finding]:
    """The uses of posts within the spans that `span` gives of their facts, which are ascending; `why` speaks of one."""
    for post, of_post in uses(snapshot).items():
        spans = list(span(snapshot.posts.get(post, ())))
        pieces: defaultdict[str, list[Affected]] = defaultdict(list)
        unfunded = list(islice(_within(of_post, spans), MOST_OF_A_POST + 1))
        if len(unfunded) > MOST_OF_A_POST:
            reason = why(unfunded[0][1])
            message = (
                f"More than {MOST_OF_A_POST:,} times somebody stands on post/{post}, {reason}: these are the first."
            )
            about = about_post(snapshot, post).around(date.max)
            yield on_a_day(
                check,
                [f"post/{post}"],
                unfunded[-1][1][0],
                message,
                [*about, *_first_naming(snapshot, unfunded[-1][0])],
            )
        for use, (since, until) in unfunded[:MOST_OF_A_POST]:
            pieces[use.subject].append(Affected(max(use.since, since), min(use.until, until), use.fte))
        for subject, affected in pieces.items():
            for run in runs(sorted(affected)):
                since, until = run[0].since, run[-1].until
                verb = "holds" if subject.startswith("worker/") else "covers"
                reason = why(next(each for each in spans if each[0] <= since < each[1]))
                message = f"{subject} {verb} post/{post} {in_words(since, until)}, {reason}."
                named = naming(snapshot, subject, post).before(until)
                events = in_order([*named, *about_post(snapshot, post).around(since)])
                yield Finding(check, (subject, f"post/{post}"), since, until, message, events, tuple(run))


def _first_naming(snapshot: Snapshot, use: Use) -> Sequence[Event]:
    return naming(snapshot, use.subject, use.post).before(use.until)[:1]


def _within(of_post: Iterable[Use], spans: Sequence[tuple[date, date]]) -> Iterable[tuple[Use, tuple[date, date]]]:
    """The uses with each of the spans, which are ascending, that they share days with."""
    for use in of_post:
        for at in range(bisect_right(spans, use.since, key=itemgetter(1)), len(spans)):
            if spans[at][0] >= use.until:
                break
            yield use, spans[at]


def unknown_posts(snapshot: Snapshot) -> Iterable[Finding]:
    """Workers and assignments on posts that nobody established."""
    return _where_not_funded(
        snapshot,
        "unknown-post",
        lambda facts: [] if facts else [(date.min, FOREVER)],
        lambda _: "a post that no event establishes",
    )


def used_before_established(snapshot: Snapshot) -> Iterable[Finding]:
    """Workers and assignments on posts before these are established."""
    return _where_not_funded(
        snapshot,
        "post-used-before-established",
        lambda facts: [(date.min, min(row.valid_from for row in facts))] if facts else [],
        lambda before: f"and the post is established on {before[1]}",
    )


def used_after_closing(snapshot: Snapshot) -> Iterable[Finding]:
    """Workers and assignments on posts after these closed."""
    return _where_not_funded(
        snapshot,
        "post-used-after-closing",
        lambda facts: _joined((row.valid_from, row.valid_to) for row in facts if not row.facts.funded),
        lambda closed: f"and the post was closed on {closed[0]}",
    )


def _joined(spans: Iterable[tuple[date, date]]) -> list[tuple[date, date]]:
    """Spans, ascending, put together where one goes on from the other."""
    joined: list[tuple[date, date]] = []
    for since, until in spans:
        if joined and joined[-1][1] == since:
            joined[-1] = (joined[-1][0], until)
        else:
            joined.append((since, until))
    return joined


CHECKS = (
    Check(
        "unknown-post",
        "Start, move or cover in an unknown post",
        "A worker or an agency assignment stands on a post that no event establishes: it counts without role, team and "
        "grade, outside the census, and as over-establishment.",
        "Record the post (post established), or supersede the start, move or cover with the right post.",
        Severity.MOVES,
        (*ON_POSTS, "establishment", "vacancy-rate"),
        unknown_posts,
    ),
    Check(
        "post-used-before-established",
        "Post occupied or covered before it is established",
        "A worker or an agency assignment stands on a post before the date from which it is funded.",
        "Supersede the post with an earlier date, or the start, move or cover with a later one.",
        Severity.MOVES,
        (*ON_POSTS, "establishment", "vacancy-rate"),
        used_before_established,
    ),
    Check(
        "post-used-after-closing",
        "Post occupied or covered after it closed",
        "A worker or an agency assignment stands on a post that is closed.",
        "Record the move, leaver or end of cover that is missing; or void the closing, or establish the post again.",
        Severity.MOVES,
        (*ON_POSTS, "establishment", "vacancy-rate"),
        used_after_closing,
    ),
)
