"""The compatibility checker, given what it does not understand; and the command around it."""

import copy
import json
import subprocess
from pathlib import Path

import pytest

from contracts import compatibility
from contracts.compatibility import incompatible_changes
from tests.contract.every_field import EVENT_TYPES
from tests.contract.published import (
    COVER,
    STARTED,
    TOKEN,
    Change,
    Published,
    fields,
    is_told,
    model,
    published_now,
    topics,
)


def a_code_that_only_the_other_has(now: Published) -> None:
    now[STARTED]["$defs"]["Origin"]["enum"].append("returned-to-practice")
    now["catalogue.json"]["csww"]["StartOrigin"]["returned-to-practice"] = 11


def a_field_that_only_the_other_has(now: Published) -> None:
    fields(now, STARTED)["contract"] = {"anyOf": [TOKEN, {"type": "null"}], "default": None}


def a_misspelt_bound(now: Published) -> None:
    fte = fields(now, STARTED)["fte"]
    fte["maximun"] = fte.pop("maximum")


def a_misspelt_required(now: Published) -> None:
    model(now, STARTED)["reqired"] = model(now, STARTED).pop("required")


def a_misspelt_keyword_in_a_rule_between_fields(now: Published) -> None:
    branch = model(now, COVER)["anyOf"][0]
    branch["requires"] = branch.pop("required")


def a_keyword_of_json_schema_that_is_not_compared(now: Published) -> None:
    fields(now, STARTED)["post"]["multipleOf"] = 2


def a_keyword_with_a_value_of_another_type(now: Published) -> None:
    model(now, STARTED)["required"] = "fte"


def decimals_as_text(now: Published) -> None:
    fields(now, STARTED)["fte"]["x-decimals"] = "6"


def a_reference_that_leads_nowhere(now: Published) -> None:
    fields(now, STARTED)["origin"]["$ref"] = "#/$defs/Orgin"


def a_rule_beside_a_reference(now: Published) -> None:
    fields(now, STARTED)["origin"]["maxLength"] = 5


def fields_that_nobody_knows(now: Published) -> None:
    del model(now, STARTED)["additionalProperties"]


def a_false_schema(now: Published) -> None:
    fields(now, STARTED)["cohort"] = False


def another_dialect(now: Published) -> None:
    now[STARTED]["$schema"] = "http://json-schema.org/draft-07/schema#"


def a_misspelt_key_of_a_topic(now: Published) -> None:
    topic = topics(now)["workforce.posts"]
    topic["retension_days"] = topic.pop("retention_days")


def partitions_as_text(now: Published) -> None:
    topics(now)["workforce.posts"]["partitions"] = "6"


def a_number_of_the_census_that_is_truth(now: Published) -> None:
    now["catalogue.json"]["csww"]["ReasonLeave"]["retired"] = True


def a_misspelt_file(now: Published) -> None:
    now["event/uk.workforce.worker.started.v1.json"] = now.pop(STARTED)


def no_catalogue(now: Published) -> None:
    del now["catalogue.json"]


def no_envelope(now: Published) -> None:
    del now["envelope.json"]


def an_event_type_without_a_schema(now: Published) -> None:
    del now["events/uk.workforce.worker.left.v1.json"]


def a_schema_of_no_event_type(now: Published) -> None:
    now["events/uk.workforce.worker.vanished.v1.json"] = now["events/uk.workforce.worker.left.v1.json"]


def a_catalogue_without_a_key(now: Published) -> None:
    del now["catalogue.json"]["key"]


def an_event_type_on_two_topics(now: Published) -> None:
    topics(now)["workforce.posts"]["subject_kinds"]["uk.workforce.worker.left.v1"] = "worker"


@pytest.mark.parametrize(
    ("change", "where", "what"),
    [
        (a_misspelt_bound, "WorkerStarted.fte", "the keyword maximun is not understood"),
        (a_misspelt_required, "WorkerStarted", "the keyword reqired is not understood"),
        (a_misspelt_keyword_in_a_rule_between_fields, "CoverStarted.anyOf", "the keyword requires is not understood"),
        (
            a_keyword_of_json_schema_that_is_not_compared,
            "WorkerStarted.post",
            "the keyword multipleOf is not understood",
        ),
        (a_keyword_with_a_value_of_another_type, "WorkerStarted.required", "is not JSON Schema"),
        (decimals_as_text, "WorkerStarted.fte", "x-decimals is not a whole number"),
        (a_reference_that_leads_nowhere, "WorkerStarted.origin", "leads nowhere"),
        (a_rule_beside_a_reference, "WorkerStarted.origin", "has rules beside it"),
        (fields_that_nobody_knows, "WorkerStarted", "takes fields that it does not know"),
        (a_false_schema, "WorkerStarted.cohort", "is not a schema object"),
        (another_dialect, STARTED, "is not of the dialect compared here"),
        (a_misspelt_key_of_a_topic, "catalogue.json: topics.workforce.posts.retension_days", "Extra inputs"),
        (partitions_as_text, "catalogue.json: topics.workforce.posts.partitions", "valid integer"),
        (a_number_of_the_census_that_is_truth, "catalogue.json: csww.ReasonLeave.retired", "valid integer"),
        (a_misspelt_file, "event/uk.workforce.worker.started.v1.json", "is not a file of the contracts"),
        (no_catalogue, "catalogue.json", "is not among the present contracts"),
        (no_envelope, "envelope.json", "is not among the present contracts"),
        (
            an_event_type_without_a_schema,
            "uk.workforce.worker.left.v1.json",
            "in the catalogue or as a schema, not both",
        ),
        (a_schema_of_no_event_type, "worker.vanished.v1.json", "in the catalogue or as a schema, not both"),
        (a_catalogue_without_a_key, "catalogue.json: key", "Field required"),
        (an_event_type_on_two_topics, "uk.workforce.worker.left.v1.json", "stands on several topics"),
    ],
)
def test_what_the_checker_does_not_understand_is_refused_on_either_side(change: Change, where: str, what: str) -> None:
    good = published_now()
    bad = copy.deepcopy(good)
    change(bad)
    for published, present, side in ((good, bad, "present"), (bad, good, "published"), (bad, bad, "present")):
        findings = [str(finding) for finding in incompatible_changes(published, present)]
        expected = what.replace("present", side)
        assert is_told(findings, where, f"{side}: " if "among" not in what else side, expected), findings


def test_the_contracts_are_compatible_with_themselves() -> None:
    published = published_now()
    assert incompatible_changes(published, published) == []


def written(folder: Path, change: Change | None = None) -> Path:
    documents = published_now()
    if change is not None:
        change(documents)
    for path, document in documents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(json.dumps(document))
    return folder


def test_the_command_compares_with_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compatibility.main(["--against", str(written(tmp_path / "same"))]) == 0
    # One of each event type, the envelope and the catalogue.
    files = len(EVENT_TYPES) + 2
    compared = f"{files} published files compared with the contracts here: 0 incompatible changes"
    assert compared in capsys.readouterr().out
    assert compatibility.main(["--against", str(written(tmp_path / "wider", a_code_that_only_the_other_has))]) == 1
    assert 'the value "returned-to-practice" is no longer taken' in capsys.readouterr().err


def test_the_command_compares_with_a_git_ref(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=Workforce", "-c", "user.email=workforce@example.org"]
        subprocess.run(["git", "-C", str(tmp_path), *identity, *arguments], check=True, capture_output=True)

    git("init")
    git("commit", "--allow-empty", "--message", "before any contract")
    git("tag", "empty")
    written(tmp_path / "contracts/generated", a_field_that_only_the_other_has)
    git("add", ".")
    git("commit", "--message", "the contracts")

    assert compatibility.main(["--against", "empty"], tmp_path) == 0
    assert "empty has no contracts/generated yet" in capsys.readouterr().out
    assert compatibility.main(["--against", "HEAD"], tmp_path) == 1
    assert f"{STARTED}: contract: the field was removed" in capsys.readouterr().err
    assert compatibility.main(["--against", "nowhere"], tmp_path) == 2
    assert "nowhere is neither a folder nor a commit" in capsys.readouterr().err
