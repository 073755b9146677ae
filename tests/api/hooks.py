"""What an OpenAPI document cannot say, told to schemathesis: rules between one part of a request and another.

Invariant: a request that the document describes is changed only where a rule below says why. Schemathesis decides how a
request is made wrong, except for headers that the mode of an event passes over.
"""

import json
import os
from collections.abc import Callable, Iterator, MutableMapping
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from zlib import crc32

import schemathesis
import yaml
from pydantic import BaseModel, ValidationError
from schemathesis.generation.meta import TestPhase

from contracts.catalogue import EVENT_MODELS
from services.chassis.cloud_events import BATCH, BINARY, STRUCTURED
from services.metrics.measures.catalogue import MEASURES, dimensions_of
from services.metrics.measures.declaration import Rate
from services.metrics.measures.dimensions import EVERY_DIMENSION
from tests.integration.benchmarks import OLDER
from tests.people.council import PLAIN, Person, employees
from tests.unit.benchmarks.small_release import file_of

Query = dict[str, Any]
Rule = Callable[[schemathesis.Case[Any], Query], None]
"""Mends the query of a request."""

MEASURE = "/v1/measures/{measure}"
SERIES = f"{MEASURE}/series"
EXPLANATION = f"{MEASURE}/explanation"
PERIODS = (("as_at",), ("from", "to"), ("census_year",), ("financial_year",))
LONGEST_SERIES = timedelta(days=365 * 20)
"""What is asked for here: a service takes at most a century of months."""
YEAR_AND_A_BIT = timedelta(days=800)
"""Holds a whole month, quarter and year, wherever it begins."""
LAST_DAY = date(2099, 12, 31)


def _several(value: Any) -> list[str]:
    return value.split(",") if isinstance(value, str) else value


def _keep(query: Query, name: str, words: list[str]) -> None:
    """Words that are left of a list: an empty one is refused."""
    query.pop(name)
    if words:
        query[name] = ",".join(words)


def of_one_period(case: schemathesis.Case[Any], query: Query) -> None:
    """A date and the ways of giving a period exclude one another: one is kept, that under test if there is one."""
    given = [names for names in PERIODS if any(name in query for name in names)]
    if not given:
        return
    tested = getattr(case.meta.phase.data, "parameter", None) if case.meta else None
    kept = next((names for names in given if tested in names), given[len(str(query)) % len(given)])
    for name in (name for names in given if names != kept for name in names):
        query.pop(name, None)


def from_before_to(case: schemathesis.Case[Any], query: Query) -> None:
    """A period has both its ends, the first one first."""
    if "from" in query or "to" in query:
        first, last = query.get("from", query.get("to")), query.get("to", query.get("from"))
        query["from"], query["to"] = sorted((str(first), str(last)))


def in_order(case: schemathesis.Case[Any], query: Query) -> None:
    """The first of two days comes first; each may be given alone."""
    if "from" in query and "to" in query:
        query["from"], query["to"] = sorted((str(query["from"]), str(query["to"])))


def of_a_day_of_publication(case: schemathesis.Case[Any], query: Query) -> None:
    """What was published was not published on a day to come."""
    if str(query.get("published", "")) > datetime.now(UTC).date().isoformat():
        query["published"] = "2023-10-31"


def of_following_years(case: schemathesis.Case[Any], query: Query) -> None:
    """A financial year ends in the year after the one it begins in: as a pattern it would be a list of all years."""
    if "financial_year" in query:
        first = min(int(str(query["financial_year"])[:4]), LAST_DAY.year - 2)
        query["financial_year"] = f"{first}-{(first + 1) % 100:02}"


def of_its_dimensions(case: schemathesis.Case[Any], query: Query) -> None:
    """Which dimensions there are depends on the measure."""
    known = dimensions_of(MEASURES[case.path_parameters["measure"]])
    for name in EVERY_DIMENSION:
        if name not in known:
            query.pop(name, None)
    if "by" in query:
        _keep(query, "by", [name for name in _several(query["by"]) if name in known])


def of_a_year(case: schemathesis.Case[Any], query: Query) -> None:
    """Annual rates are of a year: of other periods there are none."""
    asked = query.get("measure") or case.path_parameters.get("measure") or []
    measures = [MEASURES[name] for name in _several(asked)]
    if any(isinstance(measure, Rate) and measure.annual for measure in measures):
        query.pop("from", None)
        query.pop("to", None)


def of_whole_points(case: schemathesis.Case[Any], query: Query) -> None:
    """A series holds a whole month, quarter or year, and not more than can be shown; a chart is re-based within it."""
    first = min(date.fromisoformat(query["from"]), LAST_DAY - YEAR_AND_A_BIT)
    last = min(max(date.fromisoformat(query["to"]), first + YEAR_AND_A_BIT), first + LONGEST_SERIES, LAST_DAY)
    query["from"], query["to"] = first.isoformat(), last.isoformat()
    if query.get("rebase"):
        query["rebase"] = (first + timedelta(days=365)).replace(day=1).isoformat()


def of_one_window(case: schemathesis.Case[Any], query: Query) -> None:
    """Years that have a name begin when it says; annual rates count over twelve months, whatever the points are."""
    if query.get("every") in ("census-year", "financial-year"):
        query.pop("year_starts_in", None)
    measure = MEASURES[case.path_parameters["measure"]]
    if isinstance(measure, Rate) and measure.annual:
        query.pop("window", None)


def of_a_day_that_had_come(case: schemathesis.Case[Any], query: Query) -> None:
    """Outcomes are as at a date that had come when they are known."""
    known_on = min(str(query.get("as_known_at", "9999"))[:10], datetime.now(UTC).date().isoformat())
    if str(query.get("as_at", "")) >= known_on:
        query.pop("as_at")


def of_a_change_that_acts(case: schemathesis.Case[Any], query: Query) -> None:
    """Whether a change can act in the months asked for is a matter of the history; one that is none always may."""
    for name in ("intake", "conversions"):
        query.pop(name, None)
    if "turnover_lower_by" in query:
        query["turnover_lower_by"] = 0


def of_academy_members(case: schemathesis.Case[Any], query: Query) -> None:
    """Only members of the academy have cohorts to choose from, and they are followed in any post."""
    if query.get("of") == "academy-members":
        query.pop("scope", None)
    else:
        query.pop("cohorts", None)


def of_other_authorities(case: schemathesis.Case[Any], query: Query) -> None:
    """An authority is no neighbour of itself."""
    if "neighbours" in query:
        others = [code for code in _several(query["neighbours"]) if code != query.get("authority")]
        _keep(query, "neighbours", others)


def of_two_releases(case: schemathesis.Case[Any], query: Query) -> None:
    """A release is compared with another one."""
    if query.get("older") == query.get("newer"):
        query["older"], query["newer"] = "2022", "2025"


def with_neighbours(case: schemathesis.Case[Any], query: Query) -> None:
    """The same for a file of neighbours."""
    if case.method == "POST":
        case.body = "old_la_code,SN_1\n331,332\n"


def with_a_file_of_dfes(case: schemathesis.Case[Any], query: Query) -> None:
    """OpenAPI has no schema for what stands in a CSV file."""
    if case.method == "POST":
        case.body = file_of(*OLDER).decode()


def with_a_report(case: schemathesis.Case[Any], query: Query) -> None:
    """Which questions there are is told by the documents of their routes; a name is given once, and may be taken."""
    if case.method == "POST" and isinstance(case.body, dict):
        case.body["questions"] = ["/v1/measures/vacancies?as_at=2023-10-31"]
        case.body["name"] = f"Report {next(_numbers)}"
        for name in ("as_known_at", "as_accepted_at"):
            case.body.pop(name, None)


def with_a_mapping(case: schemathesis.Case[Any], query: Query) -> None:
    """What a mapping may hold is told by a schema of its own."""
    if case.method == "PUT":
        case.body = yaml.safe_load(PLAIN.read_text(encoding="utf-8"))


def with_an_extract(case: schemathesis.Case[Any], query: Query) -> None:
    """OpenAPI has no schema for what stands in a file; nor can it say that an extract is not of the future."""
    case.body = employees(Person(1), Person(2, fte="part")).encode()
    query["file"] = "employees_1.csv"
    if datetime.fromisoformat(str(query.get("recorded_at", "2000-01-01T00:00:00Z")).upper()) > datetime.now(UTC):
        del query["recorded_at"]
    if str(query.get("as_at", "")) > datetime.now(UTC).date().isoformat():
        query["as_at"] = "2023-10-31"


RULES: dict[str, tuple[Rule, ...]] = {
    "/v1/feeds/{feed}/mapping": (with_a_mapping,),
    "/v1/feeds/{feed}/files": (with_an_extract,),
    MEASURE: (of_one_period, from_before_to, of_following_years, of_its_dimensions, of_a_year),
    SERIES: (from_before_to, of_its_dimensions, of_whole_points, of_one_window),
    EXPLANATION: (of_one_period, from_before_to, of_following_years, of_its_dimensions, of_a_year),
    "/v1/initiatives": (in_order,),
    "/v1/changes": (of_one_period, from_before_to, of_following_years, of_a_year),
    "/v1/reports": (with_a_report,),
    "/v1/effects": (of_a_day_that_had_come,),
    "/v1/survival": (of_academy_members, of_a_day_that_had_come),
    "/v1/vacant-posts": (of_a_day_that_had_come,),
    "/v1/academy/cohorts": (of_a_day_that_had_come,),
    "/v1/academy/cohorts/{cohort}": (of_a_day_that_had_come,),
    "/v1/forecasts/vacancies": (of_a_day_that_had_come, of_a_change_that_acts),
    "/v1/forecasts/vacancies/back-test": (of_a_day_that_had_come,),
    "/v1/benchmarks/{measure}": (of_other_authorities,),
    "/v1/benchmarks/{measure}/series": (of_other_authorities,),
    "/v1/benchmarks/revisions": (of_two_releases,),
    "/v1/benchmarks/releases": (with_a_file_of_dfes, of_a_day_of_publication),
    "/v1/benchmarks/neighbours": (with_neighbours, of_a_day_of_publication),
}
"""What queries are mended by, by route."""

FIRST = 40
ONE_IN = int(os.environ.get("SCHEMATHESIS_ONE_IN", "1"))
SEED = os.environ.get("SCHEMATHESIS_SEED", "")
_seen: dict[str, int] = {}
_numbers = count(1)


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case[Any], kwargs: dict[str, Any]) -> None:
    """Mends a request that the document describes so that the service should take it."""
    if not _described(case):
        return
    for rule in RULES.get(case.operation.path, ()):
        rule(case, case.query)
    if case.operation.path == "/v1/events":
        for event in _events(case):
            mend_event(event)
        if case.media_type == BINARY:
            mend_headers(case, case.body)
    # What was made to be right is right: schemathesis need not judge anew whether it was made to be wrong.
    case._record_starting_state()


@schemathesis.hook
def filter_case(context: schemathesis.HookContext, case: schemathesis.Case[Any]) -> bool:
    """Whether a request is worth sending."""
    if not _is_of_the_share(case):
        return False
    if case.operation.path != "/v1/events":
        return True
    if _described(case):
        return all(changes_something(event.get("data")) for event in _events(case))
    # Attributes as headers are of binary mode: CloudEvents has a receiver pass over them in the others.
    return case.media_type == BINARY or _made_wrong(case, "body")


def _is_of_the_share(case: schemathesis.Case[Any]) -> bool:
    """Of the many requests made to cover a document, the first of each operation and then a share."""
    if case.meta is None or case.meta.phase.name is not TestPhase.COVERAGE:
        return True
    label = case.operation.label
    _seen[label] = number = _seen.get(label, 0) + 1
    return number <= FIRST or crc32(f"{label} {number} {SEED}".encode()) % ONE_IN == 0


def _described(case: schemathesis.Case[Any]) -> bool:
    return case.meta is not None and case.meta.generation.mode.is_positive


def _made_wrong(case: schemathesis.Case[Any], where: str) -> bool:
    if case.meta is None:
        return False
    return any(part.value == where and info.mode.is_negative for part, info in case.meta.components.items())


def _events(case: schemathesis.Case[Any]) -> Iterator[dict[str, Any]]:
    body: Any = case.body
    if case.media_type == STRUCTURED:
        yield body
    elif case.media_type == BATCH:
        yield from body
    elif case.media_type == BINARY:
        yield {"data": body}


def changes_something(data: Any) -> bool:
    """A change that gives null for all that it could change says nothing."""
    return not (isinstance(data, dict) and len(data) > 1 and sum(value is not None for value in data.values()) < 2)


def mend_event(event: dict[str, Any]) -> None:
    """What of one event depends on the rest of it, or on the time it is sent at."""
    if "id" in event:
        # An id stands for one event: what came before has taken those that are tried often.
        event["id"] = f"{event['id'][:100]}-{next(_numbers)}"
    if "time" in event and datetime.fromisoformat(event["time"].upper()) > datetime.now(UTC):
        # What is recorded later than now cannot have been recorded.
        del event["time"]
    drop_sources_of_nothing(event)
    data = event["data"]
    if "agency_worker" in data and data.get("post") is None and data.get("role") is None:
        # One of the two is needed: null is no value.
        data["post"] = "P-1"
    for name, value in data.items():
        if isinstance(value, float):
            # At most so many decimals: `multipleOf` would refuse 0.1, which is no multiple of 0.000001 in binary.
            data[name] = round(value, 1) or 0.1
    if str(data.get("returned_on") or "9999") <= str(data.get("absent_from", "")):
        # Nobody returns before they were away.
        del data["returned_on"]


def drop_sources_of_nothing(attributes: MutableMapping[str, Any], prefix: str = "") -> None:
    """Take away whose event is meant where none is."""
    for name in (f"{prefix}supersedes", f"{prefix}voids"):
        if name not in attributes:
            attributes.pop(f"{name}source", None)


def mend_headers(case: schemathesis.Case[Any], data: Any) -> None:
    """In binary mode some headers are needed, and which type and subject the event has depends on the body."""
    headers, types = case.headers, _types(case)
    name = next((name for name in types if _fits(EVENT_MODELS[name], data)), types[0])
    headers.setdefault("ce-specversion", "1.0")
    headers.setdefault("ce-source", "/coventry/hr")
    headers.setdefault("ce-authority", "351")
    headers["ce-id"] = f"{headers.get('ce-id', 'binary')[:100]}-{next(_numbers)}"
    headers["ce-type"], headers["ce-subject"] = name, f"{EVENT_MODELS[name].subject_kind}/X-1"
    is_withdrawal = set(data) == {"because"}
    if is_withdrawal:
        headers.setdefault("ce-voids", "no-such-event")
    headers.pop("ce-supersedes" if is_withdrawal else "ce-voids", None)
    drop_sources_of_nothing(headers, "ce-")
    if datetime.fromisoformat(headers.get("ce-time", "2000-01-01T00:00:00Z").upper()) > datetime.now(UTC):
        del headers["ce-time"]


def _types(case: schemathesis.Case[Any]) -> list[str]:
    """The types of events that the service takes."""
    declared = {parameter.name: parameter.definition for parameter in case.operation.headers}
    types: list[str] = declared["ce-type"]["schema"]["enum"]
    return types


def _fits(model: type[BaseModel], data: Any) -> bool:
    try:
        model.model_validate_json(json.dumps(data))
    except ValidationError:
        return False
    return True
