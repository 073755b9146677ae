"""Events for tests: a short way to write them down by hand, and hypothesis strategies for histories of them.

Invariant: every event made here keeps its contract, as though it had come over Kafka.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from contracts.codes import CoverReason, CswwRole, Destination, LeavingReason, Origin, Role, Route, WithdrawalReason
from contracts.envelope import Envelope, Event, canonical_body
from contracts.events.agency_cover import CoverChanged, CoverEnded, CoverStarted
from contracts.events.base import EventData, Withdrawal
from contracts.events.hiring import WorkerFteChanged, WorkerMerged, WorkerMoved, WorkerStarted
from contracts.events.leavers import LeaverReversed, WorkerLeft
from contracts.events.posts import PostChanged, PostClosed, PostEstablished

# --- by hand ----------------------------------------------------------------------------------------------------------


AUTHORITY = "331"
SOURCE = "/coventry/hr"


def event(
    data: EventData,
    subject: str,
    recorded: datetime,
    id: str,
    *,
    supersedes: str | None = None,
    supersedessource: str | None = None,
    authority: str = AUTHORITY,
    source: str = SOURCE,
    sourcesequence: str | None = None,
) -> Event:
    """An event that states a fact about `subject`, as `worker/W-1`. `recorded` is its time."""
    envelope = Envelope(
        id=id,
        source=source,
        type=data.event_type,
        subject=subject,
        time=recorded,
        authority=authority,
        supersedes=supersedes,
        supersedessource=supersedessource,
        sourcesequence=sourcesequence,
    )
    return Event(envelope, data, canonical_body(data))


def void(voided: Event, recorded: datetime, id: str) -> Event:
    """The event that another one never happened."""
    of = voided.envelope
    return void_of(of.id, of.type, of.subject, recorded, id, authority=of.authority, source=of.source)


def void_of(
    voided: str,
    event_type: str,
    subject: str,
    recorded: datetime,
    id: str,
    *,
    voidssource: str | None = None,
    authority: str = AUTHORITY,
    source: str = SOURCE,
) -> Event:
    """The event that the one with the id `voided` never happened, whether or not there is such an event."""
    data = Withdrawal(because=WithdrawalReason.ENTERED_IN_ERROR)
    envelope = Envelope(
        id=id,
        source=source,
        type=event_type,
        subject=subject,
        time=recorded,
        authority=authority,
        voids=voided,
        voidssource=voidssource,
    )
    return Event(envelope, data, canonical_body(data))


def at(day: date, hour: int = 9) -> datetime:
    """An instant of that day."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def established(effective_from: date, fte: str = "1", role: Role = Role.SOCIAL_WORKER) -> PostEstablished:
    """A post of the assessment team."""
    return PostEstablished(
        effective_from=effective_from,
        role=role,
        funded_fte=Decimal(fte),
        team="assessment",
        service_area="help-and-protection",
        grade="grade-9",
        csww_role=CswwRole.CASE_HOLDER,
    )


def started(started_on: date, post: str = "P-1", fte: str = "1") -> WorkerStarted:
    """A worker who came from another authority."""
    return WorkerStarted(
        started_on=started_on,
        post=post,
        fte=Decimal(fte),
        origin=Origin.OTHER_ENGLISH_AUTHORITY,
        route=Route.DIRECT,
    )


def moved(moved_on: date, from_post: str, to_post: str, fte: str = "1") -> WorkerMoved:
    """A worker who goes to another post."""
    return WorkerMoved(moved_on=moved_on, from_post=from_post, to_post=to_post, fte=Decimal(fte))


def fte_changed(effective_from: date, fte: str, post: str = "P-1") -> WorkerFteChanged:
    """A worker who holds the same post at another FTE."""
    return WorkerFteChanged(effective_from=effective_from, post=post, fte=Decimal(fte))


def merged(duplicate: str) -> WorkerMerged:
    """A worker who had a second number."""
    return WorkerMerged(duplicate=duplicate)


def left(left_on: date) -> WorkerLeft:
    """A worker who resigned."""
    return WorkerLeft(left_on=left_on, reason=LeavingReason.RESIGNATION, destination=Destination.NOT_KNOWN)


def cover_started(
    started_on: date,
    post: str | None = "P-1",
    fte: str = "1",
    reason: CoverReason = CoverReason.VACANCY,
    role: Role | None = None,
) -> CoverStarted:
    """An agency worker's assignment."""
    return CoverStarted(
        started_on=started_on, agency_worker="A-1", fte=Decimal(fte), reason=reason, post=post, role=role
    )


# --- strategies -------------------------------------------------------------------------------------------------------

FIRST_DAY = date(2023, 9, 28)
LAST_DAY = FIRST_DAY + timedelta(days=9)
FIRST_INSTANT = datetime(2023, 9, 29, 8, tzinfo=UTC)

# Few values, so that dates, times, posts and FTEs meet often.
_days = st.integers(0, 9).map(lambda days: FIRST_DAY + timedelta(days=days))
_instants = st.integers(0, 7).map(lambda hours: FIRST_INSTANT + timedelta(hours=13 * hours))
_leaving_days = st.sampled_from([FIRST_DAY + timedelta(days=days) for days in (3, 6)])
_posts = st.sampled_from(["P-1", "P-2", "P-3"])
_ftes = st.sampled_from([Decimal("0.5"), Decimal("0.6"), Decimal("1")])
_ftes_and_none = st.sampled_from([Decimal("0"), Decimal("0.5"), Decimal("1")])
_funded = st.sampled_from([Decimal("0.5"), Decimal("1"), Decimal("2")])
_roles = st.sampled_from([Role.SOCIAL_WORKER, Role.TEAM_MANAGER])
_teams = st.sampled_from(["assessment", "children-in-care"])
_reasons = st.sampled_from(list(CoverReason))


# Beside "9" and "10" as text, and as numbers.
_sourcesequences = st.sampled_from([None, None, "9", "10", "11"])
SOURCES = st.sampled_from([SOURCE, SOURCE, "/coventry/agency"])

_sometimes = st.sampled_from([False, False, True])


def maybe(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """The values of a strategy, or None."""
    return st.none() | strategy


_data_of_type: dict[type[EventData], st.SearchStrategy[EventData]] = {
    PostEstablished: st.builds(
        PostEstablished,
        effective_from=_days,
        role=_roles,
        funded_fte=_funded,
        team=_teams,
        service_area=st.just("help-and-protection"),
        grade=maybe(st.just("grade-9")),
        csww_role=maybe(st.just(CswwRole.CASE_HOLDER)),
    ),
    PostChanged: st.builds(PostChanged, effective_from=_days, funded_fte=_funded, role=maybe(_roles))
    | st.builds(PostChanged, effective_from=_days, team=_teams),
    PostClosed: st.builds(PostClosed, closed_on=_days),
    WorkerStarted: st.builds(
        WorkerStarted,
        started_on=_days,
        post=_posts,
        fte=_ftes | st.just(Decimal(0)),
        origin=st.just(Origin.NEWLY_QUALIFIED),
        route=st.just(Route.ACADEMY),
    ),
    WorkerMoved: st.builds(
        WorkerMoved, moved_on=_days, from_post=_posts, to_post=_posts, fte=_ftes | st.just(Decimal(0))
    ),
    WorkerFteChanged: st.builds(WorkerFteChanged, effective_from=_days, post=_posts, fte=_ftes_and_none),
    WorkerMerged: st.builds(merged, st.sampled_from(["W-1", "W-2", "W-3"])),
    WorkerLeft: st.builds(left, _leaving_days),
    LeaverReversed: st.builds(LeaverReversed, left_on=_leaving_days),
    CoverStarted: st.builds(
        CoverStarted, started_on=_days, agency_worker=st.just("A-1"), fte=_ftes_and_none, reason=_reasons, post=_posts
    )
    | st.builds(cover_started, _days, st.none(), st.just("1"), st.just(CoverReason.ADDITIONAL), _roles),
    CoverChanged: st.builds(CoverChanged, effective_from=_days, fte=_ftes_and_none, reason=maybe(_reasons))
    | st.builds(CoverChanged, effective_from=_days, post=_posts),
    CoverEnded: st.builds(CoverEnded, ended_on=_days),
}

_subjects = {
    "post": st.sampled_from(["post/P-1", "post/P-2"]),
    "worker": st.sampled_from(["worker/W-1", "worker/W-2", "worker/W-3"]),
    "cover": st.sampled_from(["cover/C-1", "cover/C-2"]),
}

# What happens most in a history comes first and more than once.
_types: st.SearchStrategy[type[EventData]] = st.sampled_from(
    [
        *[WorkerStarted, PostEstablished, WorkerLeft, CoverStarted] * 3,
        *[WorkerMoved, WorkerFteChanged, LeaverReversed, CoverChanged, CoverEnded, PostChanged, PostClosed] * 2,
        *[WorkerMerged] * 2,
    ]
)


@dataclass(frozen=True)
class Material:
    """What histories are drawn of: types (those that happen most more than once), subjects by kind, data, instants."""

    types: st.SearchStrategy[type[EventData]]
    subjects: Mapping[str, st.SearchStrategy[str]]
    data: Mapping[type[EventData], st.SearchStrategy[EventData]]
    instants: st.SearchStrategy[datetime]
    to_begin_with: tuple[tuple[type[EventData], str], ...] = ()
    """What most histories begin with, so that there is something for the rest to be about."""


@st.composite
def histories(draw: st.DrawFn, most_events: int = 16) -> list[Event]:
    """Events about a few posts, workers and assignments on few days, in any order, with corrections and voids."""
    return drawn_history(draw, Material(_types, _subjects, _data_of_type, _instants), most_events)


def drawn_history(draw: st.DrawFn, material: Material, most_events: int) -> list[Event]:
    """Events in any order, with corrections and voids of one another.

    References go backwards and forwards in time, form chains and circles, and some find no event that fits.
    """
    kinds: list[tuple[type[EventData], str]] = []
    history: list[Event] = []
    begin_with = draw(st.integers(0, len(material.to_begin_with))) if material.to_begin_with else 0
    for index in range(draw(st.integers(max(1, min(begin_with, most_events)), most_events))):
        refers_to = draw(st.integers(0, most_events - 1)) if index >= begin_with and draw(_sometimes) else None
        if index < begin_with:
            kind = material.to_begin_with[index]
        elif refers_to is not None and refers_to < index:
            kind = kinds[refers_to]
        else:
            model = draw(material.types)
            kind = (model, draw(material.subjects[model.subject_kind]))
        kinds.append(kind)
        model, subject = kind
        id, recorded = f"E-{index}", draw(material.instants)
        if refers_to is None or refers_to == index:
            history.append(event(draw(material.data[model]), subject, recorded, id))
        elif draw(st.booleans()):
            history.append(void_of(f"E-{refers_to}", model.event_type, subject, recorded, id))
        else:
            history.append(event(draw(material.data[model]), subject, recorded, id, supersedes=f"E-{refers_to}"))
    return draw(of_two_systems(history))


@st.composite
def of_two_systems(
    draw: st.DrawFn, history: list[Event], sources: st.SearchStrategy[str] = SOURCES, careless: bool = True
) -> list[Event]:
    """The same events of systems that each number their own from E-0 on, and say, or do not, which place an event has
    among those of its time. A reference mostly names the source of what it means; a `careless` one may leave it out.
    """
    numbered: Counter[str] = Counter()
    names: dict[tuple[str, str], tuple[str, str]] = {}
    for one in history:
        source = draw(sources)
        names[one.envelope.source, one.envelope.id] = source, f"E-{numbered[source]}"
        numbered[source] += 1
    return [_renamed(draw, one, names, careless) for one in history]


def _renamed(draw: st.DrawFn, one: Event, names: Mapping[tuple[str, str], tuple[str, str]], careless: bool) -> Event:
    envelope = one.envelope
    source, id = names[envelope.source, envelope.id]
    stated: dict[str, object] = {"source": source, "id": id, "sourcesequence": draw(_sourcesequences)}
    if envelope.referred is not None:
        of, referred = names.get(envelope.referred, (source, envelope.referred[1]))
        left_out = of == source or (careless and draw(_sometimes) and referred != id)
        name = "supersedes" if envelope.supersedes else "voids"
        stated |= {name: referred, f"{name}source": None if left_out else of}
    return replace(one, envelope=envelope.model_copy(update=stated))


@st.composite
def tied(
    draw: st.DrawFn,
    histories: st.SearchStrategy[list[Event]],
    instants: int = 2,
    sources: st.SearchStrategy[str] = SOURCES,
) -> list[Event]:
    """Histories of which every event was recorded at one of a few instants, by one of two sources."""
    times = [FIRST_INSTANT + timedelta(days=days) for days in range(instants)]
    return [
        replace(one, envelope=one.envelope.model_copy(update={"time": draw(st.sampled_from(times))}))
        for one in draw(of_two_systems(draw(histories), sources, careless=False))
    ]


@st.composite
def histories_of_merges(draw: st.DrawFn, most_events: int = 12) -> list[Event]:
    """Events about three workers whose numbers are merged, in chains and circles too, and taken apart again."""
    kinds: list[type[EventData]] = [WorkerMerged, WorkerStarted, WorkerLeft] * 3
    kinds += [WorkerMoved, WorkerMoved, WorkerFteChanged, WorkerFteChanged, LeaverReversed]
    history: list[Event] = []
    for index in range(draw(st.integers(2, most_events))):
        model = draw(st.sampled_from(kinds))
        refers_to = draw(st.sampled_from(history)).envelope if draw(_sometimes) and history else None
        id, recorded = f"E-{index}", draw(_instants)
        if refers_to is None:
            history.append(event(draw(_data_of_type[model]), draw(_subjects["worker"]), recorded, id))
        else:
            history.append(void_of(refers_to.id, refers_to.type, refers_to.subject, recorded, id))
    return history


@st.composite
def histories_of_starts_and_leavers(draw: st.DrawFn) -> list[Event]:
    """Events about two workers who start and leave, each of whom starts at least once."""
    kinds: list[type[EventData]] = [WorkerStarted, WorkerLeft]
    numbers = ["worker/W-1", "worker/W-2"]
    of_each: list[tuple[str, type[EventData]]] = [(number, WorkerStarted) for number in numbers]
    more = draw(st.lists(st.tuples(st.sampled_from(numbers), st.sampled_from(kinds)), max_size=9))
    return [
        event(draw(_data_of_type[model]), subject, draw(_instants), f"E-{index}")
        for index, (subject, model) in enumerate([*of_each, *more])
    ]


@st.composite
def histories_of_references(draw: st.DrawFn, most_events: int = 9) -> list[Event]:
    """Events about one worker that correct and void one another in chains and circles, and little else."""
    count = draw(st.integers(1, most_events))
    history = []
    for index in range(count):
        id, recorded, refers_to = f"E-{index}", draw(_instants), draw(st.integers(0, count - 1))
        data = draw(_data_of_type[WorkerStarted])
        if refers_to == index:
            history.append(event(data, "worker/W-1", recorded, id))
        elif draw(st.booleans()):
            history.append(void_of(f"E-{refers_to}", WorkerStarted.event_type, "worker/W-1", recorded, id))
        else:
            history.append(event(data, "worker/W-1", recorded, id, supersedes=f"E-{refers_to}"))
    return draw(of_two_systems(history))


@st.composite
def histories_of_leavers(draw: st.DrawFn) -> list[Event]:
    """Events about one worker who starts, leaves and is reversed again and again, on few dates."""
    kinds: list[type[EventData]] = [WorkerStarted, WorkerLeft, LeaverReversed]
    facts = [draw(_data_of_type[model]) for model in draw(st.lists(st.sampled_from(kinds), min_size=2, max_size=9))]
    history = [event(data, "worker/W-1", draw(_instants), f"E-{index}") for index, data in enumerate(facts)]
    return draw(of_two_systems(history))
