"""Checks of posts: more occupants than funding, and changes of posts that nobody established.

Invariant: only days on which a post is funded count here; `unfunded.py` covers the others.
"""

from collections.abc import Iterable

from contracts.effects import day_of_effect
from contracts.envelope import identifier_of
from contracts.events.posts import PostChanged, PostClosed, PostEstablished
from services.metrics.measures.declaration import exact
from services.metrics.quality.declaration import (
    Affected,
    Check,
    Finding,
    Severity,
    in_words,
    on_a_day,
    runs,
)
from services.metrics.quality.following import in_effect
from services.metrics.quality.uses import at_funded_posts, events_behind, standing_there, uses
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.timelines.posts import EFFECTS as POST_EFFECTS

FUNDING = ("establishment", "vacancies", "over-establishment", "uncovered-vacancies", "vacancy-rate")


def above_funded_fte(snapshot: Snapshot) -> Iterable[Finding]:
    """Posts whose occupants come to more than the post is funded for."""
    for staffing_unit, affected in at_funded_posts(snapshot, lambda row: row.over_establishment):
        post = identifier_of(staffing_unit)
        for run, _, workers in standing_there(uses(snapshot).get(post, ()), runs(affected)):
            since, until = run[0].since, run[-1].until
            most = exact(max(item.fte for item in run))
            message = f"{staffing_unit} has {most} FTE in post above its funded FTE {in_words(since, until)}."
            events = events_behind(snapshot, post, workers, until)
            yield Finding(
                "occupants-above-funded-fte", (staffing_unit, *workers), since, until, message, events, tuple(run)
            )


def posts_changed_before_established(snapshot: Snapshot) -> Iterable[Finding]:
    """Posts changed or closed before they are established."""
    check = "post-changed-before-established"
    for post in sorted({e.envelope.subject for model in (PostChanged, PostClosed) for e, _ in snapshot.facts(model)}):
        acting = in_effect(snapshot.of_subject(post), POST_EFFECTS)
        established = next((n for n, e in enumerate(acting) if isinstance(e.data, PostEstablished)), len(acting))
        later = acting[established : established + 1]
        rows = snapshot.posts.get(identifier_of(post), ())
        funded = tuple(Affected(row.valid_from, row.valid_to, row.facts.funded) for row in rows)
        for event in acting[:established]:
            data = event.data
            if isinstance(data, PostChanged | PostClosed):
                day = day_of_effect(event)
                done = "changed" if isinstance(data, PostChanged) else "closed"
                when = "not established by then" if later else "never established"
                affected = funded if done == "closed" else ()
                message = f"{post} is {done} on {day}, and {when}."
                yield on_a_day(check, [post], day, message, [event, *later], affected, [event])


CHECKS = (
    Check(
        "post-changed-before-established",
        "Post changed or closed before it is established",
        "A post is changed or closed before the date from which it is funded, or was never established: that says "
        "nothing, and a post established later is funded without end.",
        "Supersede whichever date is wrong, or record the post (post established).",
        Severity.MOVES,
        FUNDING,
        posts_changed_before_established,
    ),
    Check(
        "occupants-above-funded-fte",
        "Occupants' FTE above the post's funded FTE",
        "Those who hold a post come to more FTE than it is funded for. It can be so (over-establishment); often a "
        "leaver or a move is missing, or the post's FTE is wrong.",
        "Record the leaver, move or FTE that is missing, or the post's funded FTE (post changed).",
        Severity.MAY_MOVE,
        ("in-post", "over-establishment", "vacancies", "in-post-headcount", "nhs-vacancy-rate"),
        above_funded_fte,
    ),
)
