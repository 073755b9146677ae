"""Checks of posts and of the agency assignments that cover them.

Invariant: whoever stands on a post that is not funded that day is found by one check: it is unknown, not established
yet, or closed; above the funding of a post that is funded, by another.
"""

from bisect import bisect_left, bisect_right, insort
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from heapq import heappop, heappush
from itertools import islice
from operator import attrgetter, itemgetter
from typing import NamedTuple

from contracts.codes import CoverReason
from contracts.effects import day_of_effect
from contracts.envelope import Event
from contracts.events.agency_cover import CoverChanged, CoverEnded, CoverStarted
from contracts.events.posts import PostChanged, PostClosed, PostEstablished
from contracts.standing import order_of_recording
from services.metrics.measures.declaration import exact
from services.metrics.quality.declaration import (
    MOST_NAMED,
    ONE_DAY,
    Check,
    Concerned,
    Finding,
    Severity,
    in_order,
    in_words,
    nearest,
    on_a_day,
    runs,
)
from services.metrics.quality.following import in_effect
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.timelines.covers import EFFECTS as COVER_EFFECTS
from services.metrics.timelines.posts import EFFECTS as POST_EFFECTS
from services.metrics.timelines.rows import FOREVER, Post, Staffing

ON_POSTS = ("in-post", "vacancies", "over-establishment", "agency", "agency-cover", "uncovered-vacancies")
FUNDING = ("establishment", "vacancies", "over-establishment", "uncovered-vacancies", "vacancy-rate")
COVER = ("agency", "agency-cover", "uncovered-vacancies", "agency-headcount", "agency-worker-rate", "agency-cover-rate")

MOST_OF_A_POST = 10_000
"""How often uses of one post and its closings are put together, at most: of thousands that stand on a post which closes
and opens thousands of times, the first are told."""


class Use(NamedTuple):
    """Somebody (`worker/…` or `cover/…`) standing on a post over a stretch of days. `fte` in millionths.

    `covers_vacancy` says that it is an assignment with reason vacancy.
    """

    subject: str
    post: str
    since: date
    until: date
    fte: int
    covers_vacancy: bool = False


def uses(snapshot: Snapshot) -> Mapping[str, Sequence[Use]]:
    """Of each post who stands on it, worker by worker and assignment by assignment, in the order of their dates."""
    return snapshot.kept("quality: uses", lambda: _uses(snapshot))


def _uses(snapshot: Snapshot) -> dict[str, list[Use]]:
    by_post: defaultdict[str, list[Use]] = defaultdict(list)
    for person, held in snapshot.occupancies.items():
        for row in held:
            use = Use(f"worker/{person}", row.post, row.valid_from, row.valid_to, row.fte)
            by_post[row.post].append(use)
    for cover, runs_of_it in snapshot.assignments.items():
        for run in runs_of_it:
            if run.post is not None:
                for_vacancy = run.reason is CoverReason.VACANCY
                by_post[run.post].append(Use(f"cover/{cover}", run.post, run.since, run.until, run.fte, for_vacancy))
    return {post: sorted(by_post[post]) for post in sorted(by_post)}


class _Ordered(NamedTuple):
    """Events in the order in which they take effect, with their days."""

    days: Sequence[date]
    events: Sequence[Event]

    def before(self, until: date) -> Sequence[Event]:
        """Those that take effect before a day; of many the last."""
        return nearest(self.events[: bisect_left(self.days, until)], len(self.events))

    def around(self, day: date) -> Sequence[Event]:
        """Those that take effect around a day; of few all."""
        return nearest(self.events, bisect_left(self.days, day))


_NONE = _Ordered((), ())


def _in_order_of_days(dated: Iterable[tuple[date, Event]]) -> _Ordered:
    ordered = sorted(dated, key=lambda item: (item[0], order_of_recording(item[1])))
    return _Ordered([day for day, _ in ordered], [event for _, event in ordered])


def naming(snapshot: Snapshot, subject: str, post: str) -> _Ordered:
    """The standing events of a person or an assignment that name a post, in the order in which they take effect."""

    def make() -> dict[tuple[str, str], _Ordered]:
        by_name: defaultdict[tuple[str, str], list[tuple[date, Event]]] = defaultdict(list)
        for event in snapshot.standing:
            name, data = event.envelope.subject, event.data
            if name.startswith("worker/"):
                name = f"worker/{snapshot.person_of(event)}"
            for named in {getattr(data, field, None) for field in ("post", "to_post")}:
                if named is not None:
                    by_name[name, named].append((day_of_effect(event), event))
        return {key: _in_order_of_days(events) for key, events in by_name.items()}

    return snapshot.kept("quality: naming", make).get((subject, post), _NONE)


def _about_post(snapshot: Snapshot, post: str) -> _Ordered:
    """The standing events of a post."""

    def make() -> _Ordered:
        kinds = PostEstablished | PostChanged | PostClosed
        events = [event for event in snapshot.of_subject(f"post/{post}") if isinstance(event.data, kinds)]
        return _in_order_of_days((day_of_effect(event), event) for event in events)

    return snapshot.kept(("quality: about post", post), make)


def _where_not_funded(
    snapshot: Snapshot,
    check: str,
    span: Callable[[Sequence[Post]], Iterable[tuple[date, date]]],
    why: Callable[[tuple[date, date]], str],
) -> Iterable[Finding]:
    """The uses of posts within the spans that `span` gives of their facts, which are ascending; `why` speaks of one."""
    for post, of_post in uses(snapshot).items():
        spans = list(span(snapshot.posts.get(post, ())))
        pieces: defaultdict[str, list[Concerned]] = defaultdict(list)
        unfunded = list(islice(_within(of_post, spans), MOST_OF_A_POST + 1))
        if len(unfunded) > MOST_OF_A_POST:
            reason = why(unfunded[0][1])
            message = (
                f"More than {MOST_OF_A_POST:,} times somebody stands on post/{post}, {reason}: these are the first."
            )
            about = _about_post(snapshot, post).around(date.max)
            yield on_a_day(
                check,
                [f"post/{post}"],
                unfunded[-1][1][0],
                message,
                [*about, *_first_naming(snapshot, unfunded[-1][0])],
            )
        for use, (since, until) in unfunded[:MOST_OF_A_POST]:
            pieces[use.subject].append(Concerned(max(use.since, since), min(use.until, until), use.fte))
        for subject, concerned in pieces.items():
            for run in runs(sorted(concerned)):
                since, until = run[0].since, run[-1].until
                verb = "holds" if subject.startswith("worker/") else "covers"
                reason = why(next(each for each in spans if each[0] <= since < each[1]))
                message = f"{subject} {verb} post/{post} {in_words(since, until)}, {reason}."
                named = naming(snapshot, subject, post).before(until)
                events = in_order([*named, *_about_post(snapshot, post).around(since)])
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


def above_funded_fte(snapshot: Snapshot) -> Iterable[Finding]:
    """Posts whose occupants come to more than the post is funded for."""
    for staffing_unit, concerned in _at_posts(snapshot, lambda row: row.over_establishment):
        post = staffing_unit.partition("/")[2]
        for run, _, workers in _standing_there(uses(snapshot).get(post, ()), runs(concerned)):
            since, until = run[0].since, run[-1].until
            most = exact(max(item.fte for item in run))
            message = f"{staffing_unit} has {most} FTE in post above its funded FTE {in_words(since, until)}."
            events = _behind(snapshot, post, workers, until)
            yield Finding(
                "occupants-above-funded-fte", (staffing_unit, *workers), since, until, message, events, tuple(run)
            )


def cover_of_filled_posts(snapshot: Snapshot) -> Iterable[Finding]:
    """Assignments with reason vacancy on posts of which nothing is vacant."""

    def covered(row: Staffing) -> int:
        return 0 if row.vacancies else row.agency_cover

    for staffing_unit, concerned in _at_posts(snapshot, covered):
        post = staffing_unit.partition("/")[2]
        for run, covers, workers in _standing_there(uses(snapshot).get(post, ()), runs(concerned)):
            since, until = run[0].since, run[-1].until
            most = exact(max(item.fte for item in run))
            message = (
                f"{most} FTE of agency cover with reason vacancy stands on {staffing_unit} {in_words(since, until)}, "
            )
            message += "and nothing of the post is vacant."
            subjects = (staffing_unit, *covers, *workers)
            events = _behind(snapshot, post, (*covers, *workers), until)
            yield Finding("cover-of-filled-post", subjects, since, until, message, events, tuple(run))


def _behind(snapshot: Snapshot, post: str, subjects: Sequence[str], until: date) -> tuple[Event, ...]:
    """The events by which some subjects stand on a post, and those of the post, that take effect before a day."""
    each = max(4, 4 * MOST_NAMED // max(1, len(subjects)))
    named = [event for subject in subjects for event in naming(snapshot, subject, post).before(until)[-each:]]
    return in_order([*named, *_about_post(snapshot, post).before(until)])


def _standing_there(
    of_post: Sequence[Use], stretches: Iterable[list[Concerned]]
) -> Iterable[tuple[list[Concerned], list[str], list[str]]]:
    """Each of some stretches of days of a post, ascending, with the assignments for a vacancy and the workers that
    stand on it on one of them, in alphabetical order; of each so many as a finding names.
    """
    coming = sorted((use for use in of_post), key=attrgetter("since"))
    going: list[tuple[date, str]] = []
    there: Counter[str] = Counter()
    named: tuple[list[str], list[str]] = ([], [])
    index = 0
    for run in stretches:
        since, until = run[0].since, run[-1].until
        while index < len(coming) and coming[index].since < until:
            use = coming[index]
            index += 1
            is_worker = use.subject.startswith("worker/")
            if is_worker or use.covers_vacancy:
                there[use.subject] += 1
                heappush(going, (use.until, use.subject))
                if there[use.subject] == 1:
                    insort(named[is_worker], use.subject)
        while going and going[0][0] <= since:
            subject = heappop(going)[1]
            there[subject] -= 1
            if not there[subject]:
                of_kind = named[subject.startswith("worker/")]
                del of_kind[bisect_left(of_kind, subject)]
        yield run, named[0][:MOST_NAMED], named[1][:MOST_NAMED]


def _at_posts(snapshot: Snapshot, amount: Callable[[Staffing], int]) -> Iterable[tuple[str, list[Concerned]]]:
    """Of each funded post over time the amount that is in question, where there is one."""
    for staffing_unit, rows in snapshot.staffing.items():
        if staffing_unit.startswith("post/"):
            funded = [row for row in rows if row.establishment]
            yield (
                staffing_unit,
                [Concerned(row.valid_from, row.valid_to, fte) for row in funded if (fte := amount(row))],
            )


def posts_changed_before_established(snapshot: Snapshot) -> Iterable[Finding]:
    """Posts changed or closed before they are established."""
    check = "post-changed-before-established"
    for post in sorted({e.envelope.subject for model in (PostChanged, PostClosed) for e, _ in snapshot.facts(model)}):
        acting = in_effect(snapshot.of_subject(post), POST_EFFECTS)
        established = next((n for n, e in enumerate(acting) if isinstance(e.data, PostEstablished)), len(acting))
        later = acting[established : established + 1]
        rows = snapshot.posts.get(post.partition("/")[2], ())
        funded = tuple(Concerned(row.valid_from, row.valid_to, row.facts.funded) for row in rows)
        for event in acting[:established]:
            data = event.data
            if isinstance(data, PostChanged | PostClosed):
                day = day_of_effect(event)
                done = "changed" if isinstance(data, PostChanged) else "closed"
                when = "not established by then" if later else "never established"
                concerned = funded if done == "closed" else ()
                message = f"{post} is {done} on {day}, and {when}."
                yield on_a_day(check, [post], day, message, [event, *later], concerned, [event])


def covers_changed_while_not_held(snapshot: Snapshot) -> Iterable[Finding]:
    """Assignments changed or ended on days on which they do not hold."""
    subjects = {e.envelope.subject for model in (CoverChanged, CoverEnded) for e, _ in snapshot.facts(model)}
    for subject in sorted(subjects):
        acting = in_effect(snapshot.of_subject(subject), COVER_EFFECTS)
        starts = [event for event in acting if isinstance(event.data, CoverStarted)]
        runs_of_it = snapshot.assignments.get(subject.partition("/")[2], ())
        # Where it does not hold on a day it runs before or after that: those after are concerned.
        concerned = tuple(Concerned(run.since, run.until, run.fte) for run in runs_of_it)
        holds, started = False, 0
        for event in acting:
            data = event.data
            if isinstance(data, CoverStarted):
                holds, started = True, started + 1
            elif isinstance(data, CoverChanged | CoverEnded):
                done = "ended" if isinstance(data, CoverEnded) else "changed"
                day = data.ended_on if isinstance(data, CoverEnded) else data.effective_from
                if not holds:
                    message = f"{subject} is {done} on {day}, and does not hold then."
                    events = [event, *nearest(starts, started)]
                    yield on_a_day("cover-changed-while-not-held", [subject], day, message, events, concerned, [event])
                holds = holds and done == "changed"


def covers_past_expected_end(snapshot: Snapshot) -> Iterable[Finding]:
    """Assignments that run beyond the day up to which they were expected to."""
    for cover, of_it in sorted(snapshot.assignments.items()):
        subject, expected, saying = f"cover/{cover}", None, None
        for event in in_effect(snapshot.of_subject(subject), COVER_EFFECTS):
            data = event.data
            if isinstance(data, CoverStarted) or (isinstance(data, CoverChanged) and data.expected_until is not None):
                expected, saying = data.expected_until, event
        if expected is None or saying is None:
            continue
        first = expected + ONE_DAY
        past = [Concerned(max(run.since, first), run.until, run.fte) for run in of_it if run.until > first]
        ended = [event for event in snapshot.of_subject(subject) if isinstance(event.data, CoverEnded)] if past else []
        ends = _in_order_of_days((event.data.ended_on, event) for event in ended)  # type: ignore[union-attr]
        for run in runs(past):
            since, until = run[0].since, run[-1].until
            message = f"{subject} was expected to run until {expected}, and runs {in_words(since, until)}."
            events = in_order([saying, *ends.around(since)])
            yield Finding("cover-past-expected-end", (subject,), since, until, message, events, tuple(run))


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
