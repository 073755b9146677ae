"""Walks over schemas and answers, for figures that are null without a word why.

Invariant: what is a figure is told by its schema alone: a number that can be null.
"""

from collections.abc import Iterable
from typing import Any

STATED = frozenset({"places"})
"""Numbers that can be null and are no figures: nobody stated them."""
REASONS = {"not-counted", "kinds-overlap", "not-yet", "no-denominator", "suppressed", "no-policy"}


def is_figure(name: str, schema: dict[str, Any]) -> bool:
    kinds = schema.get("type")
    can_be = set(kinds) if isinstance(kinds, list) and "null" in kinds else set()
    is_number = bool(can_be & {"number", "integer"}) and "string" not in can_be
    return bool(schema) and name not in STATED and (name == "exact" or is_number)


def without_a_place_for_reasons(schema: Any, path: str = "") -> Iterable[str]:
    """The figures of a schema that can be null and have no reason beside them."""
    if isinstance(schema, dict):
        properties = schema.get("properties", {})
        for name, of_member in properties.items():
            can_be_null = is_figure(name, of_member) and "null" in of_member["type"]
            if can_be_null and not {"reason", f"{name}_reason"} & set(properties):
                yield f"{path}.{name}"
            if is_figure(name, of_member.get("items", {})) and "reasons" not in properties:
                yield f"{path}.{name}[]"
            yield from without_a_place_for_reasons(of_member, f"{path}.{name}")
        yield from without_a_place_for_reasons(schema.get("items"), f"{path}[]")


def figures_of(schema: Any) -> set[str]:
    """The names of figures that can be null, anywhere in a schema."""
    if not isinstance(schema, dict):
        return set()
    properties = schema.get("properties", {})
    figures = {
        name for name, one in properties.items() if is_figure(name, one) or is_figure(name, one.get("items", {}))
    }
    return figures.union(figures_of(schema.get("items")), *(figures_of(one) for one in properties.values()))


def nulls_without_reason(answer: Any, figures: set[str], path: str = "") -> Iterable[str]:
    """The null figures of an answer without a reason beside them, and reasons that stand beside no null."""
    if isinstance(answer, list):
        for index, item in enumerate(answer):
            yield from nulls_without_reason(item, figures, f"{path}[{index}]")
    if not isinstance(answer, dict):
        return
    for name, value in answer.items():
        if name in figures and value is None:
            if (answer.get("reason") or answer.get(f"{name}_reason")) not in REASONS:
                yield f"{path}.{name}"
        elif name in figures and isinstance(value, list):
            reasons = answer.get("reasons", [None] * len(value))
            if [one is None for one in value] != [one in REASONS for one in reasons]:
                yield f"{path}.{name}[]"
        else:
            yield from nulls_without_reason(value, figures, f"{path}.{name}")
    if "reason" in answer and answer["reason"] in REASONS and None not in answer.values():
        yield f"{path}.reason beside no null"
