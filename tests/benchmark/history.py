"""An invented England of any number of authorities: ten years of events, one by one, in the order of recording.

Invariant: the same number of authorities and the same seed give the same events; no more than what is still to be
recorded is held in memory.
"""

import heapq
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from contracts.catalogue import TOPIC_OF_TYPE
from contracts.envelope import Event, as_consumers_take_it, kafka_headers, parse_event

FIRST_DAY = date(2014, 4, 1)
DAYS = 3650
LAST_DAY = FIRST_DAY + timedelta(days=DAYS)
ENGLAND = 153
"""Authorities with children's services."""
EVENTS_AN_AUTHORITY = 6_900
"""Aimed at: about 6,500 come of it, since some happenings find nobody whom they could happen to."""

ROLES = (
    "social-worker",
    "advanced-social-worker",
    "senior-practitioner",
    "team-manager",
    "residential-childrens-worker",
)
ROLES_DRAWN = (55, 15, 10, 10, 10)
CSWW_ROLES = {"social-worker": 5, "advanced-social-worker": 4, "senior-practitioner": 4, "team-manager": 3}
POSTS_AT_FIRST = 230
TEAMS = 20
AREAS = 4
RECORDED_AHEAD_DAYS = 14
CORRECTED, VOIDED = 0.04, 0.01
"""Shares of the events that are corrected or withdrawn later."""

HAPPENINGS = {
    "start": 20, "leave": 16, "change_fte": 17, "move": 12, "change_post": 6, "close_post": 1, "establish_post": 1,
    "start_cover": 16, "change_cover": 6, "end_cover": 15,
}  # fmt: skip
"""How often something happens, in relation to the others."""

DATE_FIELDS = {
    "post.established": "effective_from", "post.changed": "effective_from", "post.closed": "closed_on",
    "worker.started": "started_on", "worker.left": "left_on", "worker.moved": "moved_on",
    "worker.fte-changed": "effective_from", "cover.started": "started_on", "cover.changed": "effective_from",
    "cover.ended": "ended_on",
}  # fmt: skip


class Stated(NamedTuple):
    """An event before it is accepted: when it was recorded, its attributes, its data."""

    recorded: datetime
    number: int
    attributes: dict[str, str]
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Record:
    """One record as the relay would publish it."""

    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


def codes(authorities: int) -> list[str]:
    """Their codes."""
    return [str(201 + number) for number in range(authorities)]


def records(authorities: int, seed: int = 1) -> Iterator[Record]:
    """What stands on Kafka, about 6,500 events an authority, in the order of recording."""
    histories = [Authority(code, seed).history() for code in codes(authorities)]
    for sequence, stated in enumerate(heapq.merge(*histories, key=lambda stated: stated.recorded), start=1):
        event = accepted(stated, sequence)
        topic = TOPIC_OF_TYPE[event.envelope.type].name
        yield Record(topic, event.key, event.body, kafka_headers(event.envelope))


def accepted(stated: Stated, sequence: int) -> Event:
    """The event with the stamps of the service that accepted it."""
    stamps = {
        "acceptedtime": (stated.recorded + timedelta(minutes=1)).isoformat(),
        "sequence": str(sequence),
        "provenance": "request bench",
    }
    return as_consumers_take_it(parse_event(stated.attributes | stamps, json.dumps(stated.data).encode()))


class Authority:
    """One authority's ten years, day by day."""

    def __init__(self, code: str, seed: int = 1) -> None:
        self.code = code
        self._drawn = random.Random(f"{seed} {code}")
        self._to_record: list[Stated] = []
        self._numbers = dict.fromkeys(("event", "post", "worker", "cover"), 0)
        self._vacant: list[str] = []
        self._holders: dict[str, str] = {}
        self._covers: list[str] = []

    def history(self) -> Iterator[Stated]:
        """Every event, in the order of recording."""
        for _ in range(POSTS_AT_FIRST):
            self.establish_post(FIRST_DAY)
        for _ in range(POSTS_AT_FIRST * 17 // 20):
            self.start(FIRST_DAY)
        between = DAYS / (EVENTS_AN_AUTHORITY / (1 + CORRECTED + VOIDED) - self._numbers["event"])
        happenings, weights = list(HAPPENINGS), list(HAPPENINGS.values())
        days = self._drawn.expovariate(1 / between)
        while days < DAYS:
            day = FIRST_DAY + timedelta(days=int(days))
            yield from self._recorded_before(day - timedelta(days=RECORDED_AHEAD_DAYS))
            getattr(self, self._drawn.choices(happenings, weights)[0])(day)
            days += self._drawn.expovariate(1 / between)
        yield from self._recorded_before(date.max)

    def establish_post(self, day: date) -> None:
        """One more post, vacant."""
        role = self._drawn.choices(ROLES, ROLES_DRAWN)[0]
        team = self._drawn.randrange(TEAMS)
        facts = {
            "role": role,
            "funded_fte": self._drawn.choice((1, 1, 1, 0.6)),
            "team": f"team-{team}",
            "service_area": f"area-{team % AREAS}",
            "grade": f"grade-{8 + ROLES.index(role)}",
            "csww_role": CSWW_ROLES.get(role),
        }
        post = self._next("post")
        self._vacant.append(post)
        stated = {name: value for name, value in facts.items() if value is not None}
        self._state(day, "post.established", post, stated)

    def change_post(self, day: date) -> None:
        """A post goes to another team, or is funded for more or less."""
        post = f"P-{self._drawn.randrange(1, self._numbers['post'] + 1)}"
        team = self._drawn.randrange(TEAMS)
        changes: list[dict[str, Any]] = [
            {"team": f"team-{team}", "service_area": f"area-{team % AREAS}"},
            {"funded_fte": self._drawn.choice((0.5, 0.8, 1))},
        ]
        self._state(day, "post.changed", post, self._drawn.choice(changes))

    def close_post(self, day: date) -> None:
        """A vacant post goes."""
        if self._vacant:
            self._state(day, "post.closed", self._take(self._vacant), {})

    def start(self, day: date) -> None:
        """Somebody takes up a vacant post."""
        if self._vacant:
            worker, post = self._next("worker"), self._take(self._vacant)
            self._holders[worker] = post
            came = {"origin": "other-english-authority", "route": self._drawn.choice(("direct", "academy"))}
            self._state(day, "worker.started", worker, {"post": post, "fte": self._fte(), **came})

    def leave(self, day: date) -> None:
        """Somebody goes."""
        if self._holders:
            worker = self._any_worker()
            self._vacant.append(self._holders.pop(worker))
            self._state(day, "worker.left", worker, {"reason": "resignation", "destination": "not-known"})

    def change_fte(self, day: date) -> None:
        """Somebody works more or less."""
        if self._holders:
            worker = self._any_worker()
            self._state(day, "worker.fte-changed", worker, {"post": self._holders[worker], "fte": self._fte()})

    def move(self, day: date) -> None:
        """Somebody takes up a vacant post instead of the own one."""
        if self._holders and self._vacant:
            worker, to_post = self._any_worker(), self._take(self._vacant)
            from_post, self._holders[worker] = self._holders[worker], to_post
            self._vacant.append(from_post)
            moved = {"from_post": from_post, "to_post": to_post, "fte": self._fte()}
            self._state(day, "worker.moved", worker, moved)

    def start_cover(self, day: date) -> None:
        """An agency worker comes, most often on a vacant post."""
        cover = self._next("cover")
        self._covers.append(cover)
        started: dict[str, Any] = {"agency_worker": f"A-{cover}", "fte": self._fte(), "reason": "vacancy"}
        if self._vacant and self._drawn.random() < 0.9:
            started["post"] = self._drawn.choice(self._vacant)
        else:
            started |= {"reason": "additional", "role": "social-worker", "team": "team-0", "csww_role": 5}
        self._state(day, "cover.started", cover, started)

    def change_cover(self, day: date) -> None:
        """An agency worker works more or less."""
        if self._covers:
            self._state(day, "cover.changed", self._drawn.choice(self._covers), {"fte": self._fte()})

    def end_cover(self, day: date) -> None:
        """An agency worker goes."""
        if self._covers:
            self._state(day, "cover.ended", self._take(self._covers), {})

    def _fte(self) -> float:
        return self._drawn.choice((1, 1, 1, 0.8, 0.6, 0.5))

    def _any_worker(self) -> str:
        return self._drawn.choice(list(self._holders))

    def _take(self, items: list[str]) -> str:
        index = self._drawn.randrange(len(items))
        items[index], items[-1] = items[-1], items[index]
        return items.pop()

    def _next(self, kind: str) -> str:
        self._numbers[kind] += 1
        return f"{kind[0].upper()}-{self._numbers[kind]}"

    def _state(self, day: date, name: str, identifier: str, data: dict[str, Any]) -> None:
        """Record a fact of a day: most of them within days, some ahead, some weeks late; a few are mended later."""
        late = self._drawn.choices((0, 3, 20, 90), (60, 25, 12, 3))[0]
        recorded = day + timedelta(days=self._drawn.randint(-RECORDED_AHEAD_DAYS, 0) + self._drawn.randint(0, late))
        subject = f"{name.partition('.')[0]}/{identifier}"
        id = self._record(recorded, name, subject, data | {DATE_FIELDS[name]: day.isoformat()}, {})
        mended = recorded + timedelta(days=self._drawn.randint(1, 200))
        fate = self._drawn.random()
        if fate < VOIDED:
            self._record(mended, name, subject, {"because": "entered-in-error"}, {"voids": id})
        elif fate < VOIDED + CORRECTED:
            right = day + timedelta(days=self._drawn.randint(-10, 10))
            self._record(mended, name, subject, data | {DATE_FIELDS[name]: right.isoformat()}, {"supersedes": id})

    def _record(self, day: date, name: str, subject: str, data: dict[str, Any], refers_to: dict[str, str]) -> str:
        self._numbers["event"] += 1
        recorded = datetime(day.year, day.month, day.day, 8, tzinfo=UTC)
        recorded += timedelta(milliseconds=self._drawn.randrange(10 * 3600 * 1000))
        attributes = {
            "specversion": "1.0",
            "id": f"{self.code}-{self._numbers['event']}",
            "source": "/bench",
            "type": f"uk.workforce.{name}.v1",
            "subject": subject,
            "time": recorded.isoformat(),
            "authority": self.code,
        }
        heapq.heappush(self._to_record, Stated(recorded, self._numbers["event"], attributes | refers_to, data))
        return attributes["id"]

    def _recorded_before(self, day: date) -> Iterator[Stated]:
        while self._to_record and self._to_record[0].recorded.date() < day:
            yield heapq.heappop(self._to_record)
