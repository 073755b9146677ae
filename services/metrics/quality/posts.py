"""Checks of posts and of the agency assignments that cover them.

Invariant: whoever stands on a post that is not funded that day is found by one check: it is unknown, not established
yet, or closed; above the funding of a post that is funded, by another.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from contracts.codes import CoverReason
from contracts.envelope import Event
from contracts.events.agency_cover import CoverChanged, CoverEnded, CoverStarted
from contracts.events.posts import PostChanged, PostClosed, PostEstablished, effective_date
from services.metrics.measures.declaration import exact
from services.metrics.picture.picture import Picture
from services.metrics.quality.declaration import (
    ONE_DAY,
    Check,
    Concerned,
    Finding,
    Severity,
    in_order,
    in_words,
    on_a_day,
    runs,
)
from services.metrics.quality.following import in_effect
from services.metrics.timelines.covers import EFFECTS as COVER_EFFECTS
from services.metrics.timelines.posts import EFFECTS as POST_EFFECTS
from services.metrics.timelines.rows import FOREVER, Post, Staffing

ON_POSTS = ("in-post", "vacancies", "over-establishment", "agency", "agency-cover", "uncovered-vacancies")
FUNDING = ("establishment", "vacancies", "over-establishment", "uncovered-vacancies", "vacancy-rate")
COVER = ("agency", "agency-cover", "uncovered-vacancies", "agency-headcount", "agency-worker-rate", "agency-cover-rate")


class Use(NamedTuple):
    """Somebody (`worker/…` or `cover/…`) standing on a post over a stretch of days. `fte` in millionths."""

    subject: str
    post: str
    since: date
    until: date
    fte: int


def uses(picture: Picture) -> Mapping[str, Sequence[Use]]:
    """Of each post who stands on it, worker by worker and assignment by assignment, in the order of their dates."""
    return picture.kept("quality: uses", lambda: _uses(picture))


def _uses(picture: Picture) -> dict[str, list[Use]]:
    found: defaultdict[str, list[Use]] = defaultdict(list)
    for person, held in picture.occupancies.items():
        for row in held:
            use = Use(f"worker/{person}", row.post, row.valid_from, row.valid_to, row.fte)
            found[row.post].append(use)
    for cover, runs_of_it in picture.assignments.items():
        for run in runs_of_it:
            if run.post is not None:
                found[run.post].append(Use(f"cover/{cover}", run.post, run.since, run.until, run.fte))
    return {post: sorted(found[post]) for post in sorted(found)}


def naming(picture: Picture, subject: str, post: str, until: date = FOREVER) -> list[Event]:
    """The standing events of a person or an assignment that name a post and take effect before a day."""
    kind, _, number = subject.partition("/")
    events = picture.of_persons.get(number, ()) if kind == "worker" else picture.of_subject(subject)
    found = []
    for event in events:
        data = event.data
        days = [getattr(data, name, None) for name in ("started_on", "moved_on", "effective_from")]
        names = {getattr(data, name, None) for name in ("post", "to_post")}
        if post in names and any(day is not None and day < until for day in days):
            found.append(event)
    return found


def _about_post(picture: Picture, post: str, until: date = FOREVER) -> list[Event]:
    events = picture.of_subject(f"post/{post}")
    kinds = PostEstablished | PostChanged | PostClosed
    return [event for event in events if isinstance(event.data, kinds) and effective_date(event.data) < until]


def _where_not_funded(
    picture: Picture, check: str, span: Callable[[Sequence[Post]], Iterable[tuple[date, date]]], why: str
) -> Iterable[Finding]:
    """The uses of posts within the spans that `span` gives of their facts."""
    for post, of_post in uses(picture).items():
        spans = list(span(picture.posts.get(post, ())))
        pieces: defaultdict[str, list[Concerned]] = defaultdict(list)
        for use in of_post:
            for since, until in spans:
                begins, ends = max(use.since, since), min(use.until, until)
                if begins < ends:
                    pieces[use.subject].append(Concerned(begins, ends, use.fte))
        for subject, concerned in pieces.items():
            for run in runs(sorted(concerned)):
                since, until = run[0].since, run[-1].until
                verb = "holds" if subject.startswith("worker/") else "covers"
                says = f"{subject} {verb} post/{post} {in_words(since, until)}, {why}."
                events = in_order([*naming(picture, subject, post, until), *_about_post(picture, post)])
                yield Finding(check, (subject, f"post/{post}"), since, until, says, events, tuple(run))


def unknown_posts(picture: Picture) -> Iterable[Finding]:
    """Workers and assignments on posts that nobody established."""
    return _where_not_funded(
        picture,
        "unknown-post",
        lambda facts: [] if facts else [(date.min, FOREVER)],
        "a post that no event establishes",
    )


def used_before_established(picture: Picture) -> Iterable[Finding]:
    """Workers and assignments on posts before these are established."""
    return _where_not_funded(
        picture,
        "post-used-before-established",
        lambda facts: [(date.min, min(row.valid_from for row in facts))] if facts else [],
        "before the post is established",
    )


def used_after_closing(picture: Picture) -> Iterable[Finding]:
    """Workers and assignments on posts after these closed."""
    return _where_not_funded(
        picture,
        "post-used-after-closing",
        lambda facts: [(row.valid_from, row.valid_to) for row in facts if not row.facts.funded],
        "and the post is closed",
    )


def above_funded_fte(picture: Picture) -> Iterable[Finding]:
    """Posts whose occupants come to more than the post is funded for."""
    for place, concerned in _at_posts(picture, lambda row: row.over_establishment):
        post = place.partition("/")[2]
        for run in runs(concerned):
            since, until = run[0].since, run[-1].until
            there = {use.subject for use in uses(picture)[post] if use.since < until and use.until > since}
            workers = sorted(subject for subject in there if subject.startswith("worker/"))
            most = exact(max(item.fte for item in run))
            says = f"{place} has {most} FTE in post above its funded FTE {in_words(since, until)}."
            named = [event for worker in workers for event in naming(picture, worker, post, until)]
            events = in_order([*named, *_about_post(picture, post, until)])
            yield Finding("occupants-above-funded-fte", (place, *workers), since, until, says, events, tuple(run))


def cover_of_filled_posts(picture: Picture) -> Iterable[Finding]:
    """Assignments with reason vacancy on posts of which nothing is vacant."""

    def covered(row: Staffing) -> int:
        return 0 if row.vacancies else row.agency_cover

    for place, concerned in _at_posts(picture, covered):
        post = place.partition("/")[2]
        for run in runs(concerned):
            since, until = run[0].since, run[-1].until
            there = sorted({use.subject for use in uses(picture)[post] if use.since < until and use.until > since})
            covers = [subject for subject in there if _covers_vacancy(picture, subject, post, since, until)]
            workers = [subject for subject in there if subject.startswith("worker/")]
            most = exact(max(item.fte for item in run))
            says = f"{most} FTE of agency cover with reason vacancy stands on {place} {in_words(since, until)}, "
            says += "and nothing of the post is vacant."
            named = [event for subject in (*covers, *workers) for event in naming(picture, subject, post, until)]
            events = in_order([*named, *_about_post(picture, post, until)])
            yield Finding("cover-of-filled-post", (place, *covers, *workers), since, until, says, events, tuple(run))


def _covers_vacancy(picture: Picture, subject: str, post: str, since: date, until: date) -> bool:
    """Whether an assignment covers a vacancy of a post on some day of a stretch."""
    kind, _, cover = subject.partition("/")
    of_it = picture.assignments.get(cover, ()) if kind == "cover" else ()
    there = [run for run in of_it if run.post == post and run.since < until and run.until > since]
    return any(run.reason is CoverReason.VACANCY for run in there)


def _at_posts(picture: Picture, amount: Callable[[Staffing], int]) -> Iterable[tuple[str, list[Concerned]]]:
    """Of each funded post over time the amount that is in question, where there is one."""
    for place, rows in picture.staffing.items():
        if place.startswith("post/"):
            funded = [row for row in rows if row.establishment]
            yield (
                place,
                [Concerned(row.valid_from, row.valid_to, found) for row in funded if (found := amount(row))],
            )


def posts_changed_before_established(picture: Picture) -> Iterable[Finding]:
    """Posts changed or closed before they are established."""
    check = "post-changed-before-established"
    for post in sorted({e.envelope.subject for model in (PostChanged, PostClosed) for e, _ in picture.facts(model)}):
        acting = in_effect(picture.of_subject(post), POST_EFFECTS)
        known = False
        for event in acting:
            data = event.data
            if isinstance(data, PostEstablished):
                known = True
            elif isinstance(data, PostChanged | PostClosed) and not known:
                day = effective_date(data)
                done = "changed" if isinstance(data, PostChanged) else "closed"
                later = [e for e in acting if isinstance(e.data, PostEstablished)][:1]
                when = "not established by then" if later else "never established"
                concerned = _funded_from(picture, post, day) if done == "closed" else []
                says = f"{post} is {done} on {day}, and {when}."
                yield on_a_day(check, [post], day, says, [event, *later], concerned, [event])


def _funded_from(picture: Picture, post: str, day: date) -> list[Concerned]:
    rows = picture.posts.get(post.partition("/")[2], ())
    return [Concerned(r.valid_from, r.valid_to, r.facts.funded) for r in rows if r.valid_from >= day]


def covers_changed_while_not_held(picture: Picture) -> Iterable[Finding]:
    """Assignments changed or ended on days on which they do not hold."""
    subjects = {e.envelope.subject for model in (CoverChanged, CoverEnded) for e, _ in picture.facts(model)}
    for subject in sorted(subjects):
        acting = in_effect(picture.of_subject(subject), COVER_EFFECTS)
        holds = False
        for event in acting:
            data = event.data
            if isinstance(data, CoverStarted):
                holds = True
                continue
            if not isinstance(data, CoverChanged | CoverEnded):
                continue
            done = "ended" if isinstance(data, CoverEnded) else "changed"
            day = data.ended_on if isinstance(data, CoverEnded) else data.effective_from
            if not holds:
                yield _cover_not_held(picture, subject, event, day, done, acting)
            holds = holds and done == "changed"


def _cover_not_held(
    picture: Picture, subject: str, event: Event, day: date, done: str, acting: Sequence[Event]
) -> Finding:
    others = [other for other in acting if isinstance(other.data, CoverStarted)]
    runs_of_it = picture.assignments.get(subject.partition("/")[2], ())
    concerned = [Concerned(run.since, run.until, run.fte) for run in runs_of_it if run.since >= day]
    says = f"{subject} is {done} on {day}, and does not hold then."
    return on_a_day("cover-changed-while-not-held", [subject], day, says, [event, *others], concerned, [event])


def covers_past_expected_end(picture: Picture) -> Iterable[Finding]:
    """Assignments that run beyond the day up to which they were expected to."""
    for cover, of_it in sorted(picture.assignments.items()):
        subject, expected, saying = f"cover/{cover}", None, None
        for event in in_effect(picture.of_subject(subject), COVER_EFFECTS):
            data = event.data
            if isinstance(data, CoverStarted) or (isinstance(data, CoverChanged) and data.expected_until is not None):
                expected, saying = data.expected_until, event
        if expected is None or saying is None:
            continue
        first = expected + ONE_DAY
        past = [Concerned(max(run.since, first), run.until, run.fte) for run in of_it if run.until > first]
        for run in runs(past):
            since, until = run[0].since, run[-1].until
            says = f"{subject} was expected to run until {expected}, and runs {in_words(since, until)}."
            ends = [event for event in picture.of_subject(subject) if isinstance(event.data, CoverEnded)]
            events = in_order([saying, *ends])
            yield Finding("cover-past-expected-end", (subject,), since, until, says, events, tuple(run))


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
        "cover-of-filled-post",
        "Cover of a vacancy on a filled post",
        "An agency assignment with reason vacancy stands on a post of which nothing is vacant.",
        "Record the end of the cover, or change its reason (absence, additional) or its post; or record the leaver.",
        Severity.MOVES,
        ("agency-cover", "agency-cover-rate", "vacancy-agency-cover-rate"),
        cover_of_filled_posts,
    ),
    Check(
        "cover-changed-while-not-held",
        "Cover changed or ended while it does not hold",
        "An agency assignment is changed or ended before it started, after it ended, or without a start: that says "
        "nothing, and an assignment that starts later runs without end.",
        "Supersede whichever date is wrong, or record the start of the cover.",
        Severity.MOVES,
        COVER,
        covers_changed_while_not_held,
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
    Check(
        "cover-past-expected-end",
        "Cover that runs beyond its expected end",
        "An agency assignment runs beyond the day up to which it was expected to: its end may not have been recorded.",
        "Record the end of the cover, or change up to when it is expected to run (cover changed).",
        Severity.MAY_MOVE,
        (*COVER, "agency-weeks", "agency-cost"),
        covers_past_expected_end,
        once_due=True,
    ),
)
