"""What the HR system of an authority would have sent in a census year, made from the counts DfE published of it.

Invariant: all is recorded within the census year, and by docs/definitions.md the events have the row's counts. Some
events beside them must not count: a home outside the census, an assignment that ended, a leaver of the next year.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from tests.published.returned import ONE, Returned, evenly
from tests.published.workforce import AgencyWorker, Employed, Workforce, workforce

CloudEvent = dict[str, Any]

PEOPLE_OF_A_POST = 20
"""HR keeps one position for several people: so many at most."""
LONGEST_ABSENCE = 40
"""Working days lost in one absence: eight weeks."""
DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
CASE_HOLDER, WITHOUT_CASES = 5, 6
"""CSWW roles."""


def events_of(counts: Returned) -> list[CloudEvent]:
    """The events of one row, in the order of recording; none where DfE printed marks only."""
    if counts.people is None:
        return []
    return sorted(_Year(counts).events(workforce(counts)), key=lambda event: str(event["time"]))


class _Year:
    """One authority's census year."""

    def __init__(self, counts: Returned) -> None:
        self._counts = counts
        self._opening, self._census = date(counts.year - 1, 10, 1), date(counts.year, 9, 30)
        self._long_ago = date(counts.year - 12, 4, 1)

    def events(self, people: Workforce) -> Iterator[CloudEvent]:
        """Everything that was recorded."""
        yield from self._leavers(people.leavers)
        yield from self._employed(people.employed)
        vacant = [f"V-{number}" for number in range(-(-(self._counts.vacancies or 0) // (PEOPLE_OF_A_POST * ONE)))]
        for post, fte in zip(vacant, evenly(self._counts.vacancies or 0, len(vacant)), strict=True):
            yield self._post(post, fte)
        yield from self._agency(people.agency, vacant)
        yield from self._what_must_not_count(people)

    def _event(self, kind: str, subject: str, id: str, day: date, data: dict[str, Any]) -> CloudEvent:
        recorded = datetime.combine(min(max(day, self._opening), self._census), time(9), UTC)
        return {
            "specversion": "1.0",
            "id": id,
            "source": f"/csww/{self._counts.year}",
            "type": f"uk.workforce.{kind}.v1",
            "subject": subject,
            "time": recorded.isoformat(),
            "authority": self._counts.authority,
            "data": data,
        }

    def _post(self, post: str, fte: int, csww_role: int = CASE_HOLDER) -> CloudEvent:
        data = {
            "effective_from": self._long_ago.isoformat(),
            "role": "social-worker",
            "funded_fte": fte / ONE,
            "team": f"team-{post.lower()}",
            "service_area": "help-and-protection",
            "csww_role": csww_role,
        }
        return self._event("post.established", f"post/{post}", post, self._long_ago, data)

    def _held(self, worker: str, fte: int, posts: Sequence[str], since: date) -> Iterator[CloudEvent]:
        """A worker starts: in one post, or in two where the FTE is above 1."""
        for index, (post, of_it) in enumerate(zip(posts, (min(fte, ONE), fte - ONE), strict=False)):
            if of_it > 0:
                data = {"started_on": since.isoformat(), "post": post, "fte": of_it / ONE, "origin": "not-known"}
                id = f"started-{worker}-{index}"
                yield self._event("worker.started", f"worker/{worker}", id, since, data | {"route": "direct"})

    def _employed(self, people: Sequence[Employed]) -> Iterator[CloudEvent]:
        """Those in post at the census date, three of four from before the year; posts are filled to what they fund."""
        numbered = list(enumerate(people))
        held = [item for item in numbered if item[1].cases is not None]
        groups = _in_groups(held, CASE_HOLDER) + _in_groups(numbered[len(held) :], WITHOUT_CASES)
        for index, (csww_role, group) in enumerate(groups):
            first, second = sum(min(one.fte, ONE) for _, one in group), sum(max(one.fte - ONE, 0) for _, one in group)
            yield self._post(f"P-{index}", first, csww_role)
            if second:
                yield self._post(f"Q-{index}", second, csww_role)
            for number, one in group:
                yield from self._held(f"W-{number}", one.fte, (f"P-{index}", f"Q-{index}"), self._started(number))
                if one.cases is not None:
                    yield self._counted(f"W-{number}", one.cases)
        yield from self._absences([f"W-{number}" for number, _ in numbered if self._started(number) < self._opening])

    def _started(self, number: int) -> date:
        if number % 4 == 3:
            return self._opening + (number * 37 % 365) * DAY
        return self._opening - (1 + number * 53 % 3000) * DAY

    def _counted(self, worker: str, cases: int) -> CloudEvent:
        data = {"counted_on": self._census.isoformat(), "cases": cases}
        return self._event("caseload.counted", f"worker/{worker}", f"counted-{worker}", self._census, data)

    def _absences(self, workers: Sequence[str]) -> Iterator[CloudEvent]:
        """Sickness of eight weeks at most; a worker's next absence begins after the last."""
        tenths = (self._counts.days_lost or 0) * 10 // ONE
        for number, lost in enumerate(evenly(tenths, -(-tenths // (10 * LONGEST_ABSENCE)))):
            again, index = divmod(number, len(workers))
            since = self._opening + (index % 60) * DAY + again * 9 * WEEK
            data = {
                "absent_from": since.isoformat(),
                "returned_on": (since + 8 * WEEK).isoformat(),
                "working_days_lost": lost / 10,
                "reason": "SIC",
            }
            subject = f"worker/{workers[index]}"
            yield self._event("absence.recorded", subject, f"absent-{number}", since, data)

    def _leavers(self, fte_of_each: Sequence[int]) -> Iterator[CloudEvent]:
        """Those who left, from the first day of the year to its last; their posts are closed."""
        days = (self._census - self._opening).days
        for start in range(0, len(fte_of_each), PEOPLE_OF_A_POST):
            group = fte_of_each[start : start + PEOPLE_OF_A_POST]
            post, second = f"L-{start}", f"M-{start}"
            posts = {post: sum(min(fte, ONE) for fte in group), second: sum(max(fte - ONE, 0) for fte in group)}
            for one, funded in posts.items():
                if funded:
                    yield self._post(one, funded)
                    closed = {"closed_on": self._census.isoformat()}
                    yield self._event("post.closed", f"post/{one}", f"closed-{one}", self._census, closed)
            for number, fte in enumerate(group, start):
                left = self._opening + (number * days // max(1, len(fte_of_each) - 1)) * DAY
                yield from self._held(f"X-{number}", fte, (post, second), self._opening - (30 + number) * DAY)
                yield self._left(f"X-{number}", left)

    def _left(self, worker: str, left_on: date) -> CloudEvent:
        data = {"left_on": left_on.isoformat(), "reason": "resignation", "destination": "not-known"}
        return self._event("worker.left", f"worker/{worker}", f"left-{worker}", left_on, data)

    def _agency(self, workers: Sequence[AgencyWorker], vacant: Sequence[str]) -> Iterator[CloudEvent]:
        """Assignments that run at the census date: on vacant posts, or additional ones without a post."""
        for number, one in enumerate(workers):
            since = self._opening + (number * 11 % 400 - 40) * DAY
            on_a_post = {"reason": "vacancy", "post": vacant[number % len(vacant)]} if vacant else {}
            beside = {"reason": "additional", "role": "social-worker", "csww_role": CASE_HOLDER}
            for kind, fte, more in (("C", one.covering, on_a_post), ("D", one.beside, beside)):
                if fte:
                    yield self._cover(f"{kind}-{number}", f"A-{number}", fte, min(since, self._census), more)
            if one.cases is not None:
                yield self._counted(f"A-{number}", one.cases)

    def _cover(self, cover: str, worker: str, fte: int, since: date, more: dict[str, Any]) -> CloudEvent:
        data = {"started_on": since.isoformat(), "agency_worker": worker, "fte": fte / ONE} | more
        return self._event("cover.started", f"cover/{cover}", f"covered-{cover}", since, data)

    def _what_must_not_count(self, people: Workforce) -> Iterator[CloudEvent]:
        home = self._post("H-1", 5 * ONE)
        home["data"] = {name: value for name, value in home["data"].items() if name != "csww_role"}
        yield home | {"data": home["data"] | {"role": "residential-childrens-worker"}}
        yield from self._held("H-1", ONE, ("H-1",), self._opening)
        role = {"reason": "additional", "role": "social-worker", "csww_role": CASE_HOLDER}
        yield self._cover("E-1", "E-1", ONE, self._opening, role)
        ended = {"ended_on": self._census.isoformat(), "outcome": "completed"}
        yield self._event("cover.ended", "cover/E-1", "ended-E-1", self._census, ended)
        if people.employed:
            yield self._left("W-0", self._census + DAY)


def _in_groups(people: Sequence[tuple[int, Employed]], csww_role: int) -> list[tuple[int, list[tuple[int, Employed]]]]:
    starts = range(0, len(people), PEOPLE_OF_A_POST)
    return [(csww_role, list(people[start : start + PEOPLE_OF_A_POST])) for start in starts]
