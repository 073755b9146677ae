"""What is published: up to date, the same each time, and true to what the models take and refuse."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from faststream.specification.asyncapi.v3_0_0.schema import ApplicationSchema
from jsonschema import Draft202012Validator, FormatChecker

from contracts import asyncapi, generate, schemas
from contracts.catalogue import EVENT_MODELS
from contracts.envelope import Event, parse_event
from contracts.refusal import Refused
from tests.contract.every_field import EVENT_TYPES

CONTRACTS = Path(__file__).parents[2] / "contracts"
COVER = {"started_on": "2023-01-09", "agency_worker": "AW-1", "fte": 1, "reason": "vacancy", "post": "P-1"}
PANEL = {"panel": "N-1", "decided_on": "2024-01-24", "kind": "asye", "decision": "passed"}


def event_of(noun_and_verb: str, data: dict[str, Any]) -> Event:
    name = f"uk.workforce.{noun_and_verb}.v1"
    attributes = {
        "specversion": "1.0",
        "id": "evt-1",
        "source": "/coventry/hr",
        "type": name,
        "subject": f"{EVENT_MODELS[name].subject_kind}/X-1",
        "time": "2023-10-31T08:00:00Z",
        "authority": "331",
    }
    return parse_event(attributes, json.dumps(data).encode())


def keeps_its_schema(noun_and_verb: str, data: dict[str, Any]) -> bool:
    schema = schemas.event_schema(EVENT_MODELS[f"uk.workforce.{noun_and_verb}.v1"])
    return bool(Draft202012Validator(schema, format_checker=FormatChecker(("date",))).is_valid(data))


@pytest.mark.parametrize(
    ("noun_and_verb", "data"),
    [
        ("post.changed", {"effective_from": "2023-04-01", "grade": "grade-10"}),
        ("cover.started", {**COVER, "post": None, "reason": "absence", "role": "team-manager"} | {"post": "P-2"}),
        ("cover.started", {**COVER, "reason": "additional", "role": "social-worker"}),
        ("panel.decided", {**PANEL, "decision": "deferred"}),
        ("panel.decided", {**PANEL, "kind": "advanced-social-worker", "decision": "deferred"}),
    ],
)
def test_what_a_model_takes_by_a_rule_between_fields_its_published_schema_takes(
    noun_and_verb: str, data: dict[str, Any]
) -> None:
    assert event_of(noun_and_verb, data).envelope.id == "evt-1"
    assert keeps_its_schema(noun_and_verb, data)


@pytest.mark.parametrize(
    ("noun_and_verb", "data"),
    [
        ("post.changed", {"effective_from": "2023-04-01"}),
        ("cover.changed", {"effective_from": "2023-04-01"}),
        ("cover.started", {name: value for name, value in COVER.items() if name != "post"}),
        ("cover.started", {name: value for name, value in COVER.items() if name != "post"} | {"role": "social-worker"}),
        ("panel.decided", {**PANEL, "decision": "successful"}),
        ("panel.decided", {**PANEL, "kind": "advanced-social-worker"}),
    ],
)
def test_what_a_published_schema_refuses_by_a_rule_between_fields_its_model_refuses(
    noun_and_verb: str, data: dict[str, Any]
) -> None:
    assert not keeps_its_schema(noun_and_verb, data)
    with pytest.raises(Refused):
        event_of(noun_and_verb, data)


def test_every_published_schema_is_valid_json_schema() -> None:
    published = [document for path, document in schemas.published_contracts().items() if path != "catalogue.json"]
    assert len(published) == len(EVENT_TYPES) + 1  # and that of the envelope
    for schema in published:
        Draft202012Validator.check_schema(schema)


def test_the_published_files_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert generate.main(["--check"]) == 0, capsys.readouterr().err


def test_a_stale_a_missing_and_a_left_over_file_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "contracts"
    for part in ("examples", "generated"):
        shutil.copytree(CONTRACTS / part, folder / part)
    shutil.copy(CONTRACTS / "README.md", folder)
    events = folder / "generated/events"
    (folder / "generated/envelope.json").write_text("{}\n")
    (events / "uk.workforce.post.closed.v1.json").unlink()
    (events / "uk.workforce.post.reopened.v1.json").write_text("{}\n")
    readme = (folder / "README.md").read_text()
    (folder / "README.md").write_text(readme.replace("| `workforce.posts` |", "| `workforce.post` |"))

    assert generate.main(["--check"], folder) == 1
    assert capsys.readouterr().err.splitlines() == [
        "contracts/generated/envelope.json is not up to date: run `python -m contracts.generate`",
        "contracts/generated/events/uk.workforce.post.closed.v1.json is not up to date: "
        "run `python -m contracts.generate`",
        "contracts/README.md is not up to date: run `python -m contracts.generate`",
        "contracts/generated/events/uk.workforce.post.reopened.v1.json belongs to nothing any more: "
        "run `python -m contracts.generate`",
    ]
    assert (folder / "generated/envelope.json").read_text() == "{}\n"

    assert generate.main([], folder) == 0
    assert generate.main(["--check"], folder) == 0
    assert (folder / "README.md").read_text() == readme


def test_a_file_that_is_left_over_is_enough_for_the_check_to_fail(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "contracts"
    for part in ("examples", "generated"):
        shutil.copytree(CONTRACTS / part, folder / part)
    shutil.copy(CONTRACTS / "README.md", folder)
    left_over = folder / "generated/events/uk.workforce.post.reopened.v1.json"
    others = [left_over.with_name(f"{letter}.json") for letter in "eadcb"]
    for other in others:
        other.write_text("{}\n")
    assert generate.main(["--check"], folder) == 1
    named = [line.split()[0].rpartition("/")[2] for line in capsys.readouterr().err.splitlines()]
    assert named == ["a.json", "b.json", "c.json", "d.json", "e.json"]
    for other in others:
        other.unlink()
    left_over.write_text("{}\n")
    assert generate.main(["--check"], folder) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert generate.main([], folder) == 0
    # Beside one of each event type: envelope, catalogue, AsyncAPI and the README.
    assert capsys.readouterr().out == f"0 files written, 1 removed, {len(EVENT_TYPES) + 4} in all\n"
    assert not left_over.exists()
    left_over.with_name("uk.workforce.post.closed.v1.json").unlink()
    assert generate.main(["--check"], folder) == 1
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("readme", ["no markers", f"{generate.TABLE_ENDS}\n{generate.TABLE_BEGINS}"])
def test_a_readme_without_its_markers_is_refused(readme: str) -> None:
    with pytest.raises(ValueError, match="once each"):
        generate.with_table(readme)


def test_the_asyncapi_document_is_one_and_has_each_channel_and_operation() -> None:
    document = asyncapi.asyncapi_document()
    ApplicationSchema.model_validate(document)
    assert list(document["channels"]) == [
        "workforce.posts",
        "workforce.hiring",
        "workforce.agency-cover",
        "workforce.leavers",
        "workforce.progression-panels",
        "workforce.working-life",
        "workforce.policies",
        "workforce.recruitment.dead-letter",
        "workforce.retention.dead-letter",
        "workforce.metrics.dead-letter",
        "workforce.recruitment.watermarks",
        "workforce.retention.watermarks",
        "workforce.recruitment.requests",
        "workforce.retention.requests",
    ]
    operations = {name: operation["action"] for name, operation in document["operations"].items()}
    assert operations["recruitment.sends.workforce.hiring"] == "send"
    assert operations["retention.receives.workforce.hiring"] == "receive"
    assert operations["metrics.receives.workforce.hiring"] == "receive"
    assert operations["metrics.sends.workforce.metrics.dead-letter"] == "send"
    assert operations["recruitment.sends.workforce.recruitment.watermarks"] == "send"
    assert operations["retention.sends.workforce.recruitment.requests"] == "send"
    assert operations["recruitment.receives.workforce.recruitment.requests"] == "receive"
    assert len([action for action in operations.values() if action == "send"]) == 10 + 2 + 4
    assert len([action for action in operations.values() if action == "receive"]) == 9 + 4 + 2


def test_every_reference_in_the_asyncapi_document_leads_somewhere() -> None:
    document = asyncapi.asyncapi_document()
    references = set(_references(document))
    assert "#/components/schemas/WorkerStarted" in references
    for reference in references:
        target: Any = document
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]
        assert target


def test_a_message_states_its_key_its_headers_and_its_examples() -> None:
    published = json.loads((CONTRACTS / "generated/asyncapi.json").read_text())
    message = published["components"]["messages"]["uk.workforce.worker.left.v1"]
    key = message["bindings"]["kafka"]["key"]
    event = event_of("worker.left", {"left_on": "2023-09-30", "reason": "retired", "destination": "not-known"})
    assert event.key == b"331:worker/X-1"
    assert Draft202012Validator(key).is_valid("331:worker/X-1")
    assert not Draft202012Validator(key).is_valid("331:post/X-1")
    assert [example["name"] for example in message["examples"]] == [
        "corrected-by-another-system",
        "entered-weeks-late",
        "reason-corrected",
        "resigned-to-another-authority",
    ]
    corrected = message["examples"][2]
    assert corrected["headers"]["ce_supersedes"] == "evt-worker-0488-left"
    assert corrected["payload"]["reason"] == "moved-within-authority"
    headers = published["components"]["schemas"]["CloudEventHeaders"]
    assert headers["required"] == [
        "content-type",
        "ce_specversion",
        "ce_id",
        "ce_source",
        "ce_type",
        "ce_subject",
        "ce_time",
        "ce_authority",
    ]
    for example in message["examples"]:
        assert list(Draft202012Validator(headers).iter_errors(example["headers"])) == []


def _references(part: object) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [reference for value in part.values() for reference in _references(value)]
    return [reference for value in part for reference in _references(value)] if isinstance(part, list) else []


def test_files_are_the_same_in_whichever_order_a_folder_lists_its_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = Path.glob
    for backwards in (False, True):
        monkeypatch.setattr(Path, "glob", lambda *of, backwards=backwards: sorted(listed(*of), reverse=backwards))
        assert generate.main(["--check"]) == 0


def test_a_file_is_to_be_read_by_people() -> None:
    assert generate.as_text({"b": "Zoë", "a": 1}) == '{\n  "b": "Zoë",\n  "a": 1\n}\n'
