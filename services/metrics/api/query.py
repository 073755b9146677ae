"""The parameters that every question to metrics has beside its own: a format, and as known when.

Invariant: what an answer says of completeness was true before anything was read. A pinned report says nothing later.
"""

from datetime import date, datetime
from typing import Any, ClassVar

from fastapi import Request

from services.chassis.query import Parameter, QueryModel, choice
from services.chassis.runtime import runtime_of
from services.metrics.api.formats import NAME, Format, Sheet, format_by_path_or_header
from services.metrics.figures.age import Age, is_stale
from services.metrics.measures.declaration import EVERY_OWNER
from services.metrics.read_models.already_read import AlreadyRead

KNOWN = ("as_known_at", "as_accepted_at")
KNOWN_AT = ("as_known_at", "from_known", "to_known")
"""What says as known at which instant; of two reports, for each."""
ACCEPTED = ("as_accepted_at", "from_accepted", "to_accepted")
"""What pins a report. Only questions that events answer can have them."""

FORMAT = Parameter(
    NAME,
    "How to answer. It goes before what the header Accept says; a path that ends in .csv or .xlsx says so too. A file "
    "is always whole: limit and offset are for JSON. xlsx is an Excel workbook with the sheets that CSV has as two "
    "files.",
    choice(Format, None),
)
SHEET = Parameter(
    "sheet",
    "Of CSV: `data`, the rows; or `about`, what they are (measure, definition, unit, dates, instants, totals), a line "
    "each. JSON and workbooks hold both, and pass it over.",
    choice(Sheet, Sheet.DATA, is_default=False),
)


ALREADY_READ = "already_read"
"""Key in a request's scope: what was read for the questions of one page."""


def already_read(request: Request) -> AlreadyRead | None:
    """What was already read for the questions that are asked together with this one; None if it is asked alone."""
    already: AlreadyRead | None = request.scope.get(ALREADY_READ)
    return already


class ReadQuery(QueryModel):
    """The query of a request that asks for something: it can choose a format. (One that sends something cannot.)"""

    after: ClassVar[dict[str, Parameter[Any]]] = {FORMAT.name: FORMAT, SHEET.name: SHEET}

    def __init__(self, request: Request) -> None:
        # Before anything is read: what is read afterwards is complete at least up to then.
        self.pins = tuple(name for name in self.declared if name in ACCEPTED)
        """The parameters that pin what events answer; none where events do not answer."""
        already = already_read(request) or AlreadyRead(runtime_of(request).watermarks.complete_until)
        self._complete_until = already.complete_until if self.pins else None
        self.age = Age()
        """How old is what the answer knows of, once it is being worked out (`computing.py`)."""
        self.rests_on: frozenset[str] = EVERY_OWNER
        """The services by whose records it is stale or not; all of them, but where a measure is asked for."""
        self.meant: dict[str, str] = {}
        """What was meant by parameters that were left out, as far as it moves with the time of asking."""
        super().__init__(request)
        request.state.question = self
        self.format = FORMAT.of(self) or format_by_path_or_header(request)
        self.sheet = SHEET.of(self)

    @property
    def known_at(self) -> datetime:
        """The instant as known at which figures are asked for; now if it is left out."""
        instant: datetime = self.values.get("as_known_at", self.now)
        return instant

    @property
    def known_on(self) -> date:
        """The day of that instant (UTC), or today if that is earlier. What is later is still to come."""
        return min(self.known_at, self.now).date()

    def latest_known_at(self) -> datetime:
        """The instant as known at which figures are asked for; of two reports, the later one."""
        return max((self.values.get(name, self.now) for name in KNOWN_AT if name in self.declared), default=self.now)

    def latest_accepted_at(self) -> datetime | None:
        """The instant that pins the report; of two reports, the later one; None if it is not pinned."""
        accepted = [self.values[name] for name in self.pins if name in self.values]
        return max(accepted) if accepted and len(accepted) == len(self.pins) else None

    def complete_until(self) -> datetime | None:
        """The instant before which everything accepted has arrived and was derived; None while that cannot be said.

        For a report that is pinned by acceptance it is never later than that: what it says stays, once all of it has
        arrived.
        """
        accepted = self.latest_accepted_at()
        if self._complete_until is None or accepted is None:
            return self._complete_until
        return min(self._complete_until, accepted)

    def is_stale(self, day: date) -> bool:
        """Whether a figure of this day is stale, by the newest records of the services on which it rests."""
        return is_stale(self.age.recorded_by(self.rests_on), day, min(self.latest_known_at(), self.now))
