"""The facts that a feed stated, as they are kept: JSON, and back.

Invariant: what was written reads as what it was.
"""

import json
from typing import Any

from contracts.catalogue import EVENT_MODELS
from services.people.facts import Fact, StatedFact


def facts_as_json(facts: tuple[StatedFact, ...]) -> str:
    """Facts that stand, as a list in JSON."""
    return f"[{','.join(map(fact_as_json, facts))}]"


def fact_as_json(stated: StatedFact) -> str:
    """One fact that stands, as JSON."""
    fact = stated.fact
    told = {"subject": fact.subject, "key": fact.key, "type": fact.type, "row": fact.row, "event": stated.event}
    # The data is JSON already, written in the one way of services.
    return f'{json.dumps(told)[:-1]},"data":{fact.data.model_dump_json(exclude_none=True)}}}'


def facts_from_json(text: str) -> tuple[StatedFact, ...]:
    """The facts again."""
    return tuple(map(_fact, json.loads(text)))


def _fact(told: dict[str, Any]) -> StatedFact:
    data = EVENT_MODELS[told["type"]].model_validate_json(json.dumps(told["data"]))
    return StatedFact(Fact(told["subject"], told["key"], data, told["row"]), told["event"])
