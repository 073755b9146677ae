"""The parts of a figure, and what each part is made of.

Invariant: the amounts of the parts add up to the figure; no part is 0.
"""

from datetime import date
from typing import Any, NamedTuple

from contracts.codes import CoverReason
from services.metrics.figures import Asked, Reading, parts
from services.metrics.measures.declaration import Count, Kind, Part, When
from services.metrics.picture.assignments import Running
from services.metrics.picture.picture import Picture
from services.metrics.timelines.rows import FOREVER, Occupancy


class MadeOf(NamedTuple):
    """Who or what stands behind a part, and as what it counts there. `amount` in millionths."""

    subject: str
    counts_as: str
    amount: int


class Explained(NamedTuple):
    """One part of a figure, in millionths. `until` None: no end is known."""

    amount: int
    since: date
    until: date | None
    subjects: tuple[str, ...]
    dimensions: dict[str, Any]
    made_of: tuple[MadeOf, ...]


def explain(counted: Count, reading: Reading, when: When, asked: Asked, *, made_of: bool = True) -> list[Explained]:
    """The parts of a stock or flow, the largest first, those alike by subject."""
    found = [part for part in parts(counted, reading, when, asked) if part.amount]
    found.sort(key=lambda part: (-part.amount, part.subjects, part.since))
    picture = reading.picture()
    return [
        Explained(
            part.amount,
            part.since,
            None if part.until == FOREVER else part.until,
            part.subjects,
            {name: part.dimension(name) for name in counted.dimensions},
            stands_at(picture, part.subjects[0], when.as_at if counted.kind is Kind.STOCK else part.since)
            if made_of and _is_of_a_place(counted, part)
            else (),
        )
        for part in found
    ]


def _is_of_a_place(counted: Count, part: Part) -> bool:
    """Whether a part follows from the staffing of one place (a vacancy that was filled does, on that day)."""
    return counted.column is not None or (len(part.subjects) == 1 and part.subjects[0].startswith("post/"))


def stands_at(picture: Picture, place: str, as_at: date) -> tuple[MadeOf, ...]:
    """The funding of a place at a date, who is in post there and who covers it: what staffing is worked out from."""
    kind, _, identifier = place.partition("/")
    found = []
    if kind == "post":
        for post in picture.posts.get(identifier, ()):
            if post.valid_from <= as_at < post.valid_to:
                found.append(MadeOf(place, "establishment", post.facts.funded))
        for person, held in holders(picture).get(identifier, ()):
            if held.valid_from <= as_at < held.valid_to:
                found.append(MadeOf(f"worker/{person}", "in-post", held.fte))
    for run in covers_of(picture).get(place, ()):
        if run.since <= as_at < run.until:
            counts_as = "agency-cover" if run.reason is CoverReason.VACANCY else "agency"
            found.append(MadeOf(f"cover/{run.cover}", counts_as, run.fte))
    return tuple(found)


def holders(picture: Picture) -> dict[str, list[tuple[str, Occupancy]]]:
    """Who holds each post, over all time, by person."""

    def make() -> dict[str, list[tuple[str, Occupancy]]]:
        found: dict[str, list[tuple[str, Occupancy]]] = {}
        for person, held in sorted(picture.occupancies.items()):
            for occupancy in held:
                found.setdefault(occupancy.post, []).append((person, occupancy))
        return found

    return picture.kept(("holders",), make)


def covers_of(picture: Picture) -> dict[str, list[Running]]:
    """Which assignments run at each place, over all time, by assignment."""

    def make() -> dict[str, list[Running]]:
        found: dict[str, list[Running]] = {}
        for cover, runs in sorted(picture.assignments.items()):
            for run in runs:
                found.setdefault(f"cover/{cover}" if run.post is None else f"post/{run.post}", []).append(run)
        return found

    return picture.kept(("covers",), make)


def ever_in_post(picture: Picture) -> dict[str, set[str]]:
    """Who was in each post (`post/…`) at some time, as `worker/…`."""

    def make() -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for person, held in picture.occupancies.items():
            for occupancy in held:
                found.setdefault(f"post/{occupancy.post}", set()).add(f"worker/{person}")
        return found

    return picture.kept(("ever in post",), make)
