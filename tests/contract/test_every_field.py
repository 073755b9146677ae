"""Every field of every event type beside what is written down of it by hand: taken, refused, left out, null."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from contracts.catalogue import EVENT_MODELS
from contracts.envelope import Event, canonical_body, parse_event
from contracts.refusal import Fault, Refused
from tests.contract.every_field import EVENT_TYPES, EventType
from tests.contract.every_value import DECISIONS, ROLE, TOKEN, WITHDRAWAL

GENERATED = Path(__file__).parents[2] / "contracts/generated"
SUBJECTS = (
    "post",
    "campaign",
    "application",
    "cohort",
    "worker",
    "cover",
    "session",
    "demand",
    "initiative",
    "work",
    "workers",
)
of_each_type = pytest.mark.parametrize("event_type", EVENT_TYPES)
of_each_field = pytest.mark.parametrize(
    ("event_type", "name"), [(event_type, name) for event_type, of in EVENT_TYPES.items() for name in of.fields]
)


def parsed(event_type: str, data: Any, subject: str | None = None, **attributes: str) -> Event:
    """An event of a type with this data."""
    stated = {
        "specversion": "1.0",
        "id": "evt-1",
        "source": "/coventry/hr",
        "type": event_type,
        "subject": subject or f"{EVENT_TYPES[event_type].subject}/X-1",
        "time": "2023-10-31T08:00:00Z",
        "authority": "331",
    }
    return parse_event(stated | attributes, json.dumps(data).encode())


def kept(event_type: str, data: dict[str, Any]) -> dict[str, Any]:
    """The data of an event as it is kept and published."""
    body: dict[str, Any] = json.loads(canonical_body(parsed(event_type, data).data))
    return body


def refused(event_type: str, data: dict[str, Any], **attributes: str) -> tuple[Fault, ...]:
    """Why an event with this data is refused."""
    with pytest.raises(Refused) as refusal:
        parsed(event_type, data, **attributes)
    return refusal.value.faults


def without_near(expected: str) -> str:
    """What is said to be right, without the codes that may be meant: of those there is a test of its own."""
    return expected if not expected.startswith("perhaps ") else expected.partition("; ")[2]


def left_out(data: dict[str, Any], name: str) -> dict[str, Any]:
    """The data without a field."""
    return {field: value for field, value in data.items() if field != name}


def defaults(of: EventType) -> dict[str, Any]:
    """What is kept of the fields that were left out."""
    return {name: default for name, (_, default) in of.with_default.items()}


def test_every_event_type_is_written_down_with_every_field() -> None:
    assert {name: set(model.model_fields) for name, model in EVENT_MODELS.items()} == {
        name: set(of.fields) for name, of in EVENT_TYPES.items()
    }


@of_each_field
def test_a_value_that_a_field_may_hold_is_kept_as_it_came(event_type: str, name: str) -> None:
    of = EVENT_TYPES[event_type]
    for value in of.fields[name].taken:
        assert kept(event_type, of.data | {name: value}) == defaults(of) | of.data | {name: value}


@of_each_field
def test_a_value_that_a_field_may_not_hold_is_refused_with_what_would_be_right(event_type: str, name: str) -> None:
    of = EVENT_TYPES[event_type]
    for value, right in of.fields[name].refused:
        if value is None and name in of.optional:
            continue
        (fault,) = refused(event_type, of.data | {name: value})
        came = None if isinstance(value, dict) else value if isinstance(value, str) else repr(value)
        fault = replace(fault, expected=without_near(fault.expected))
        assert fault == Fault(f"data.{name}", "is not as the contract says", right, came)


@of_each_field
def test_a_field_may_be_left_out_where_it_is_optional_and_is_missing_where_it_is_needed(
    event_type: str, name: str
) -> None:
    of = EVENT_TYPES[event_type]
    data = left_out(of.data, name)
    if name in of.needed:
        assert refused(event_type, data) == (Fault(f"data.{name}", "is missing", "a value for it"),)
    else:
        assert kept(event_type, data) == defaults(of) | data


@of_each_field
def test_null_is_leaving_an_optional_field_out(event_type: str, name: str) -> None:
    of = EVENT_TYPES[event_type]
    if name in of.optional:
        assert kept(event_type, of.data | {name: None}) == defaults(of) | left_out(of.data, name)
    else:
        assert [fault.field for fault in refused(event_type, of.data | {name: None})] == [f"data.{name}"]


@of_each_field
def test_the_published_schema_of_a_field_takes_and_refuses_the_same(event_type: str, name: str) -> None:
    of = EVENT_TYPES[event_type]
    schema = json.loads((GENERATED / f"events/{event_type}.json").read_text())
    validator = Draft202012Validator(schema, format_checker=FormatChecker(("date",)))
    values = of.fields[name]
    assert [value for value in values.taken if not validator.is_valid(of.data | {name: value})] == []
    # Of decimals JSON Schema says nothing. To Python's regular expressions, alone, $ stands before a newline, too.
    refused_too = [
        value for value, right in values.refused if "decimals" not in right and not str(value).endswith("\n")
    ]
    assert [value for value in refused_too if validator.is_valid(of.data | {name: value}) and value is not None] == []
    assert validator.is_valid(of.data | {name: None}) is (name in of.optional)
    assert validator.is_valid(left_out(of.data, name)) is (name not in of.needed)


@of_each_type
def test_an_unknown_field_is_refused_with_the_fields_that_there_are(event_type: str) -> None:
    of = EVENT_TYPES[event_type]
    (fault,) = refused(event_type, of.data | {"surname": "Quill"})
    assert (fault.field, fault.problem, fault.value) == ("data.surname", "is not a field of this contract", None)
    listed = fault.expected.removeprefix("one of ").removesuffix(", or leave it out").split(", ")
    assert sorted(listed) == sorted(of.fields)


@of_each_type
def test_an_event_is_about_a_subject_of_its_kind_and_no_other(event_type: str) -> None:
    of = EVENT_TYPES[event_type]
    for kind in SUBJECTS:
        if kind == of.subject:
            assert parsed(event_type, of.data, f"{kind}/X-1").envelope.subject == f"{kind}/X-1"
        else:
            with pytest.raises(Refused) as refusal:
                parsed(event_type, of.data, f"{kind}/X-1")
            (fault,) = refusal.value.faults
            assert (fault.field, fault.problem, fault.expected, fault.value) == (
                "subject", f"is not the subject of {event_type}", f"{of.subject}/<identifier>", f"{kind}/X-1",
            )  # fmt: skip


@of_each_type
def test_a_withdrawal_says_why_by_a_code_and_nothing_else(event_type: str) -> None:
    for code in WITHDRAWAL.taken:
        data = parsed(event_type, {"because": code}, voids="evt-0").data
        assert json.loads(canonical_body(data)) == {"because": code}
    for code, right in WITHDRAWAL.refused:
        (fault,) = refused(event_type, {"because": code}, voids="evt-0")
        assert (fault.field, without_near(fault.expected)) == ("data.because", right)
    assert refused(event_type, {}, voids="evt-0") == (Fault("data.because", "is missing", "a value for it"),)
    of = EVENT_TYPES[event_type]
    said = {(fault.field, fault.problem) for fault in refused(event_type, of.data | {"because": "cancelled"})}
    assert said == {("data.because", "is not a field of this contract")}


def test_of_a_mistyped_code_or_field_the_nearest_are_told_first() -> None:
    post = EVENT_TYPES["uk.workforce.post.established.v1"].data
    (fault,) = refused("uk.workforce.post.established.v1", post | {"role": "Social Wroker"})
    assert fault.expected.startswith("perhaps social-worker or advanced-social-worker")
    assert without_near(fault.expected) == ROLE.refused[0][1]
    (fault,) = refused("uk.workforce.post.established.v1", post | {"servicearea": "help"})
    assert fault.expected.startswith("perhaps service_area; one of effective_from, ")


@pytest.mark.parametrize(
    ("name", "of", "path"),
    [("roles", ["social-worker", "Social Worker"], "roles.1"), ("posts", ["P 1", "P-2"], "posts.0")],
)
def test_what_is_wrong_in_a_list_is_told_by_its_path(name: str, of: list[str], path: str) -> None:
    data = {"opened_on": "2023-10-02", "route": "direct", name: of}
    (fault,) = refused("uk.workforce.campaign.opened.v1", data)
    assert fault.field == f"data.{path}"
    expected = {"roles": ROLE.refused[0][1], "posts": TOKEN.refused[0][1]}
    assert without_near(fault.expected) == expected[name]


# --- rules between fields ---------------------------------------------------------------------------------------------

CHANGES = {
    "uk.workforce.post.changed.v1": "role, funded_fte, team, service_area, grade, csww_role, location",
    "uk.workforce.cover.changed.v1": "fte, reason, post, expected_until, hourly_rate",
}


@pytest.mark.parametrize("event_type", CHANGES)
def test_one_changed_fact_is_enough_and_none_is_too_few(event_type: str) -> None:
    of, day = EVENT_TYPES[event_type], {"effective_from": "2023-10-02"}
    for name, values in of.optional.items():
        # 0 and false are facts, too.
        for value in (values.taken[0], values.taken[-1]):
            assert kept(event_type, day | {name: value}) == day | {name: value}
        for data in (day, day | {name: None}, day | dict.fromkeys(of.optional)):
            (fault,) = refused(event_type, data)
            assert (fault.field, fault.expected) == ("data", f"must change at least one of {CHANGES[event_type]}")
    full = day | {name: values.taken[0] for name, values in of.optional.items()}
    assert kept(event_type, full) == full


@pytest.mark.parametrize("decision", DECISIONS)
@pytest.mark.parametrize("kind", ["advanced-social-worker", "asye"])
def test_a_panel_decides_what_fits_its_kind(kind: str, decision: str) -> None:
    fitting = {
        "advanced-social-worker": ["successful", "unsuccessful", "deferred"],
        "asye": ["passed", "failed", "deferred"],
    }[kind]
    event_type = "uk.workforce.panel.decided.v1"
    data = EVENT_TYPES[event_type].data | {"kind": kind, "decision": decision}
    if decision in fitting:
        assert kept(event_type, data) == data
    else:
        (fault,) = refused(event_type, data)
        assert fault.field == "data"
        assert fault.expected == f"decision of a panel of kind {kind} must be one of {', '.join(fitting)}"


@pytest.mark.parametrize(
    ("reason", "post", "role", "right"),
    [
        ("vacancy", "P-1", None, None),
        ("vacancy", "P-1", "social-worker", None),
        ("absence", "P-1", None, None),
        ("absence", None, "social-worker", None),
        ("additional", "P-1", None, None),
        ("additional", None, "social-worker", None),
        ("vacancy", None, "social-worker", "must name the post that is covered when the reason is vacancy"),
        ("vacancy", None, None, "must name the post that is covered, or, where there is none, the role"),
        ("absence", None, None, "must name the post that is covered, or, where there is none, the role"),
        ("additional", None, None, "must name the post that is covered, or, where there is none, the role"),
    ],
)
def test_cover_names_a_post_or_a_role_and_of_a_vacancy_the_post(
    reason: str, post: str | None, role: str | None, right: str | None
) -> None:
    event_type = "uk.workforce.cover.started.v1"
    data = {"started_on": "2023-10-02", "agency_worker": "AW-1", "fte": 1, "reason": reason, "post": post, "role": role}
    stated = {name: value for name, value in data.items() if value is not None}
    if right is None:
        assert kept(event_type, data) == stated
    else:
        for one in (data, stated):
            (fault,) = refused(event_type, one)
            assert (fault.field, fault.expected) == ("data", right)


@pytest.mark.parametrize(
    ("absent_from", "returned_on", "is_right"),
    [
        ("2023-02-28", "2023-03-01", True),
        ("2024-02-28", "2024-02-29", True),
        ("2023-12-31", "2024-01-01", True),
        ("2023-10-02", "2023-10-02", False),
        ("2024-03-01", "2024-02-29", False),
        ("2023-10-02", "2022-10-03", False),
    ],
)
def test_who_was_away_returns_on_a_later_day(absent_from: str, returned_on: str, is_right: bool) -> None:
    event_type = "uk.workforce.absence.recorded.v1"
    data = {"absent_from": absent_from, "returned_on": returned_on, "working_days_lost": 1, "reason": "SIC"}
    if is_right:
        assert kept(event_type, data) == data
    else:
        (fault,) = refused(event_type, data)
        assert (fault.field, fault.expected, fault.value) == ("data", "returned_on must be after absent_from", None)


@pytest.mark.parametrize(
    ("event_type", "earlier", "later"),
    [
        ("uk.workforce.campaign.opened.v1", "opened_on", "closes_on"),
        ("uk.workforce.cohort.opened.v1", "entry_on", "completes_on"),
        ("uk.workforce.worker.moved.v1", "moved_on", "expected_until"),
        ("uk.workforce.cover.started.v1", "started_on", "expected_until"),
        ("uk.workforce.cover.changed.v1", "effective_from", "expected_until"),
        ("uk.workforce.panel.decided.v1", "decided_on", "effective_from"),
        ("uk.workforce.retention-payment.made.v1", "service_completed_on", "paid_on"),
    ],
)
def test_of_other_dates_none_need_be_before_another(event_type: str, earlier: str, later: str) -> None:
    of = EVENT_TYPES[event_type]
    for one, other in (("2023-10-02", "2023-10-01"), ("2023-10-02", "2023-10-02"), ("2023-10-02", "2023-10-03")):
        data = of.data | {earlier: one, later: other}
        assert kept(event_type, data) == defaults(of) | data


def test_a_worker_may_move_within_a_post_and_be_their_own_duplicate() -> None:
    moved = {"moved_on": "2023-10-02", "from_post": "P-1", "to_post": "P-1", "fte": 1, "kind": "move"}
    assert kept("uk.workforce.worker.moved.v1", moved) == moved
    assert kept("uk.workforce.worker.merged.v1", {"duplicate": "X-1"}) == {"duplicate": "X-1"}


def test_numbers_that_are_whole_are_published_without_a_decimal_point() -> None:
    data = EVENT_TYPES["uk.workforce.worker.started.v1"].data | {"fte": 1.0}
    assert b'"fte":1,' in canonical_body(parsed("uk.workforce.worker.started.v1", data).data)
    half = canonical_body(parsed("uk.workforce.worker.started.v1", data | {"fte": 0.50}).data)
    assert b'"fte":0.5,' in half
    counted = {"counted_on": "2023-09-30", "cases": 14.0}
    assert canonical_body(parsed("uk.workforce.caseload.counted.v1", counted).data).endswith(b'"cases":14}')


@pytest.mark.parametrize(
    ("written", "right"),
    [
        (-1.0, "a number of at least 0"),
        (1_000_001.0, "a number of at most 1000000"),
        (1e300, "a number of at most 1000000"),
    ],
)
def test_a_whole_number_that_is_written_with_a_decimal_point_has_the_same_bounds(written: float, right: str) -> None:
    (fault,) = refused("uk.workforce.caseload.counted.v1", {"counted_on": "2023-09-30", "cases": written})
    assert (fault.field, fault.expected) == ("data.cases", right)


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "is_right"),
    [
        ("2023-04-01", "2024-04-01", True),
        ("2023-05-17", "2023-05-18", True),
        ("2023-05-17", "2023-05-17", False),
        ("2024-04-01", "2023-04-01", False),
    ],
)
def test_an_initiative_ends_on_a_later_day(starts_on: str, ends_on: str, is_right: bool) -> None:
    event_type = "uk.workforce.initiative.announced.v1"
    data = {"title": "Open evening", "kind": "open-evening", "starts_on": starts_on, "ends_on": ends_on}
    if is_right:
        assert kept(event_type, data) == data
    else:
        (fault,) = refused(event_type, data)
        assert (fault.field, fault.expected, fault.value) == ("data", "ends_on must be after starts_on", None)
