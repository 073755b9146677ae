"""The published contracts as a test changes them."""

import copy
import json
from collections.abc import Callable
from typing import Any

from contracts import schemas
from contracts.compatibility import incompatible_changes

Published = dict[str, Any]
Change = Callable[[Published], None]

STARTED = "events/uk.workforce.worker.started.v1.json"
POST = "events/uk.workforce.post.established.v1.json"
PANEL = "events/uk.workforce.panel.decided.v1.json"
COVER = "events/uk.workforce.cover.started.v1.json"
CAMPAIGN = "events/uk.workforce.campaign.opened.v1.json"
TOKEN = {"type": "string", "pattern": "^[A-Z]{1,9}$"}


def model(published: Published, path: str) -> dict[str, Any]:
    """The schema of an event type's data, without that of withdrawals."""
    schema = published[path]
    name = schema["oneOf"][0]["$ref"].removeprefix("#/$defs/")
    schema_of_type: dict[str, Any] = schema["$defs"][name]
    return schema_of_type


def fields(published: Published, path: str) -> dict[str, Any]:
    """The schemas of the fields of an event type."""
    schema: dict[str, Any] = model(published, path)["properties"]
    return schema


def topics(published: Published) -> dict[str, Any]:
    """The topics of the catalogue."""
    listed: dict[str, Any] = published["catalogue.json"]["topics"]
    return listed


def published_now() -> Published:
    """The contracts of today, a copy that may be changed."""
    documents: Published = json.loads(json.dumps(schemas.published_contracts()))
    return documents


def findings_after(change: Change) -> list[str]:
    """What the checker finds when today's contracts are changed so."""
    published = published_now()
    present = copy.deepcopy(published)
    change(present)
    assert json.dumps(present) != json.dumps(published)
    return [str(finding) for finding in incompatible_changes(published, present)]


def is_told(findings: list[str], where: str, *what: str) -> bool:
    """Whether one of the findings says where it is, then what it is, and then what to do instead."""
    for finding in findings:
        what_is_wrong, instead = finding.split(". Instead: ")
        start = what_is_wrong.find(where)
        if instead and start >= 0 and all(what_is_wrong.find(words) > start for words in what):
            return True
    return False
