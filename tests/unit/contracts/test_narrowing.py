"""Whether one schema still takes all that another took: keyword by keyword, one step narrower and one step wider."""

from collections.abc import Sequence
from typing import Any

import pytest

from contracts.narrowing import narrowings, not_understood

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
LIST: Schema = {"type": "array"}


def an_object(**rules: Any) -> Schema:
    """An object that knows the fields a and b."""
    return {"type": "object", "additionalProperties": False, "properties": {"a": TEXT, "b": NUMBER}} | rules


def with_defs(**schema: Any) -> Schema:
    """A schema that refers to A, of text, and to B, of numbers."""
    return {**schema, "$defs": {"A": an_object(), "B": {"type": "number"}}}


def findings_between(published: Schema, present: Schema) -> list[str]:
    """What is narrower, without what to do instead."""
    return [str(finding).split(". Instead: ")[0] for finding in narrowings(published, present, "x.json")]


ONE_STEP = [
    # wider, narrower, what is told of the step from the one to the other
    (TEXT, TEXT | {"minLength": 1}, "minLength went from 0 up to 1"),
    (TEXT | {"minLength": 1}, TEXT | {"minLength": 2}, "minLength went from 1 up to 2"),
    (TEXT, TEXT | {"maxLength": 5}, "maxLength went from none down to 5"),
    (TEXT | {"maxLength": 6}, TEXT | {"maxLength": 5}, "maxLength went from 6 down to 5"),
    (LIST, LIST | {"minItems": 1}, "minItems went from 0 up to 1"),
    (LIST | {"minItems": 1}, LIST | {"minItems": 2}, "minItems went from 1 up to 2"),
    (LIST, LIST | {"maxItems": 5}, "maxItems went from none down to 5"),
    (LIST | {"maxItems": 6}, LIST | {"maxItems": 5}, "maxItems went from 6 down to 5"),
    (an_object(), an_object(minProperties=1), "minProperties went from 0 up to 1"),
    (an_object(minProperties=1), an_object(minProperties=2), "minProperties went from 1 up to 2"),
    (an_object(), an_object(maxProperties=1), "maxProperties went from none down to 1"),
    (an_object(maxProperties=2), an_object(maxProperties=1), "maxProperties went from 2 down to 1"),
    (NUMBER, NUMBER | {"x-decimals": 2}, "x-decimals went from none down to 2"),
    (NUMBER | {"x-decimals": 3}, NUMBER | {"x-decimals": 2}, "x-decimals went from 3 down to 2"),
    (NUMBER, NUMBER | {"minimum": 0}, "the lowest value rose from above -inf to 0"),
    (NUMBER | {"minimum": 0}, NUMBER | {"minimum": 1}, "the lowest value rose from 0 to 1"),
    (NUMBER | {"minimum": 0}, NUMBER | {"exclusiveMinimum": 0}, "the lowest value rose from 0 to above 0"),
    (NUMBER | {"exclusiveMinimum": 0}, NUMBER | {"minimum": 1}, "the lowest value rose from above 0 to 1"),
    (
        NUMBER | {"minimum": 0},
        NUMBER | {"minimum": 0, "exclusiveMinimum": 0},
        "the lowest value rose from 0 to above 0",
    ),
    (NUMBER, NUMBER | {"maximum": 9}, "the highest value fell from below inf to 9"),
    (NUMBER | {"maximum": 9}, NUMBER | {"maximum": 8}, "the highest value fell from 9 to 8"),
    (NUMBER | {"maximum": 9}, NUMBER | {"exclusiveMaximum": 9}, "the highest value fell from 9 to below 9"),
    (NUMBER | {"exclusiveMaximum": 9}, NUMBER | {"maximum": 8}, "the highest value fell from below 9 to 8"),
    (
        NUMBER | {"maximum": 9},
        NUMBER | {"maximum": 9, "exclusiveMaximum": 9},
        "the highest value fell from 9 to below 9",
    ),
    (TEXT, TEXT | {"pattern": "^a"}, "pattern changed from none to ^a"),
    (TEXT, TEXT | {"format": "date"}, "format changed from none to date"),
    (NUMBER, NUMBER | {"not": {"const": 1}}, "not changed from none to {'const': 1}"),
    ({"properties": {}}, {"properties": {}, "additionalProperties": False}, "additionalProperties changed from none"),
    ({"type": ["string", "null"]}, TEXT, "the type null is no longer taken"),
    ({"type": ["string", "null", "number"]}, TEXT, "the type null or number is no longer taken"),
    ({}, TEXT, "the type anything else is no longer taken"),
    (NUMBER, {"type": "integer"}, "the type number is no longer taken"),
    (TEXT, TEXT | {"enum": ["a", "b"]}, 'only ["a", "b"] is taken now'),
    (TEXT, TEXT | {"const": "a"}, 'only ["a"] is taken now'),
    (TEXT | {"enum": ["a", "b"]}, TEXT | {"enum": ["b"]}, 'the value "a" is no longer taken'),
    (TEXT | {"enum": ["a", "b"]}, TEXT | {"const": "a"}, 'the value "b" is no longer taken'),
    (an_object(), an_object(required=["b"]), "b: the field is newly required"),
    (an_object(required=["a"]), an_object(required=["a", "b"]), "b: the field is newly required"),
    (an_object(), an_object(properties={"a": TEXT}), "b: the field was removed"),
    (an_object(), an_object(properties={"a": TEXT, "b": {"type": "integer"}}), "b: the type number is no longer"),
    (an_object(), an_object(dependentRequired={"a": ["b"]}), "a: the field newly needs b beside it"),
    # A rule on part of an object, where fields that it does not name were taken.
    ({"properties": {}}, {"properties": {}, "dependentRequired": {"c": ["a"]}}, "c: the field newly needs a beside it"),
    (
        {"properties": {"a": TEXT}},
        {"properties": {"a": TEXT, "b": NUMBER}},
        "b: the type anything else is no longer taken",
    ),
    (LIST, LIST | {"items": TEXT}, "items: the type anything else is no longer taken"),
    (LIST | {"items": TEXT}, LIST | {"items": TEXT | {"maxLength": 1}}, "items: maxLength went from none down to 1"),
    (an_object(), an_object(allOf=[{"required": ["a"]}]), 'a further rule holds: {"required": ["a"]}'),
    (an_object(), an_object(anyOf=[{"required": ["a"]}]), "a: the field is newly required"),
    (
        an_object(anyOf=[{"required": ["a"]}, {"required": ["b"]}]),
        an_object(anyOf=[{"required": ["a"]}]),
        "a: the field is newly required",
    ),
    ({"anyOf": [TEXT, NUMBER]}, {"anyOf": [TEXT]}, "the type number is no longer taken"),
    ({"anyOf": [TEXT, NUMBER]}, NUMBER, "the type string is no longer taken"),
    (
        {"anyOf": [{"$ref": "#/$defs/A"}, TEXT], "$defs": {"A": NUMBER}},
        {"$ref": "#/$defs/A", "$defs": {"A": NUMBER}},
        "the type string is no longer taken",
    ),
]


@pytest.mark.parametrize(("wider", "narrower", "told"), ONE_STEP, ids=[told for _, _, told in ONE_STEP])
def test_one_step_narrower_is_told_and_one_step_wider_is_not(wider: Schema, narrower: Schema, told: str) -> None:
    findings = findings_between(wider, narrower)
    assert len(findings) == 1, findings
    assert findings[0].startswith("x.json: ")
    assert told in findings[0]
    assert findings_between(narrower, wider) == []
    assert findings_between(wider, wider) == findings_between(narrower, narrower) == []


@pytest.mark.parametrize(
    ("published", "present", "told"),
    [
        (TEXT | {"pattern": "^a"}, TEXT | {"pattern": "^b"}, ["x.json: pattern changed from ^a to ^b"]),
        (TEXT | {"format": "date"}, TEXT | {"format": "time"}, ["x.json: format changed from date to time"]),
        ({"enum": [1]}, {"enum": [True]}, ["x.json: the value 1 is no longer taken"]),
        ({"enum": [1]}, {"enum": [1.0]}, ["x.json: the value 1 is no longer taken"]),
        (TEXT | {"default": "a"}, TEXT | {"default": "b"}, ['x.json: leaving it out meant "a" and would mean "b"']),
        (TEXT | {"default": "a"}, TEXT, ['x.json: leaving it out meant "a" and would mean null']),
        (TEXT | {"default": None}, TEXT, []),
        (TEXT, TEXT | {"default": "a"}, []),
        (TEXT, {"type": "boolean"}, ["x.json: the type string is no longer taken"]),
        ({"type": "integer"}, NUMBER, []),
        (
            an_object(),
            an_object(properties={"a": TEXT, "c": NUMBER | {"description": "anew"}}),
            ["x.json: b: the field was renamed to c"],
        ),
        (an_object(), an_object(properties={"a": TEXT, "c": LIST}), ["x.json: b: the field was removed"]),
        # A field that was there before, however alike, is not its new name.
        (
            an_object(properties={"a": TEXT, "b": TEXT}),
            an_object(properties={"a": TEXT}),
            ["x.json: b: the field was rem"],
        ),
        (an_object(), {"type": "object", "properties": {"a": TEXT}}, []),
        (an_object(), an_object(properties={"a": TEXT, "b": NUMBER, "c": TEXT}), []),
        (
            an_object(),
            an_object(properties={"a": TEXT, "b": NUMBER, "c": TEXT}, dependentRequired={"c": ["a"]}),
            [],
        ),
        (
            an_object(dependentRequired={"a": ["b"]}),
            an_object(dependentRequired={"a": ["b", "c"]}),
            ["x.json: a: the field newly needs c beside it"],
        ),
        (an_object(allOf=[{"required": ["a"]}]), an_object(allOf=[{"required": ["b"]}]), ["x.json: a further rule"]),
        (
            with_defs(oneOf=[{"$ref": "#/$defs/A"}]),
            with_defs(oneOf=[{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}]),
            ["x.json: oneOf has a further choice, which may overlap"],
        ),
        (
            with_defs(oneOf=[{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}]),
            with_defs(oneOf=[{"$ref": "#/$defs/B"}, {"$ref": "#/$defs/A"}]),
            [],
        ),
    ],
)
def test_another_rule_is_told_where_it_is_not_wider(published: Schema, present: Schema, told: Sequence[str]) -> None:
    findings = findings_between(published, present)
    assert len(findings) == len(told), findings
    for finding, expected in zip(findings, told, strict=True):
        assert finding.startswith(expected)


def test_every_way_in_which_a_schema_is_narrower_is_told() -> None:
    narrower = an_object(properties={"a": TEXT | {"maxLength": 3, "minLength": 1}}, required=["a"])
    assert findings_between(an_object(), narrower) == [
        "x.json: b: the field was removed",
        "x.json: a: the field is newly required",
        "x.json: a: minLength went from 0 up to 1",
        "x.json: a: maxLength went from none down to 3",
    ]


def test_of_several_choices_the_one_of_the_same_name_tells_what_changed() -> None:
    both = [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}]
    published = with_defs(oneOf=both)
    present = {"oneOf": both, "$defs": {"A": an_object(required=["a", "b"]), "B": {"type": "number"}}}
    assert findings_between(published, present) == [
        "x.json: a: the field is newly required",
        "x.json: b: the field is newly required",
    ]


# --- what is not understood -------------------------------------------------------------------------------------------


def strange(**schema: Any) -> list[str]:
    """What cannot be compared in a schema."""
    whole = {"$schema": DIALECT} | schema
    return [str(one).split(". Instead: ")[0] for one in not_understood("present", "x.json", whole)]


def test_a_schema_of_words_that_are_understood_is() -> None:
    assert strange(**an_object(required=["a"], title="T", description="D", examples=[])) == []
    assert strange(**with_defs(oneOf=[{"$ref": "#/$defs/A"}])) == []
    assert strange(properties={"a": TEXT | {"default": "b"}, "b": {"anyOf": [TEXT, {"type": "null"}]}}) == []


@pytest.mark.parametrize(
    "where",
    [
        {"properties": {"a": {"multipleOf": 2}}},
        {"$defs": {"a": {"multipleOf": 2}}},
        {"anyOf": [{"multipleOf": 2}]},
        {"oneOf": [{"multipleOf": 2}]},
        {"allOf": [{"multipleOf": 2}]},
        {"items": {"multipleOf": 2}},
        {"not": {"multipleOf": 2}},
        {"properties": {"a": {"items": {"anyOf": [{"not": {"multipleOf": 2}}]}}}},
    ],
)
def test_a_word_that_is_not_understood_is_found_wherever_it_stands(where: Schema) -> None:
    (said,) = strange(**where)
    assert said.startswith("x.json: ")
    assert said.endswith("present: the keyword multipleOf is not understood")
    assert said.count(": ") == 3


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "present: is not of the dialect compared here"),
        ({"type": "strin"}, "present: is not JSON Schema: "),
        ({"properties": {"a": True}}, "present: is not a schema object"),
        ({"$ref": "#/$defs/Z"}, "#/$defs/Z leads nowhere, or has rules beside it"),
        ({"$ref": "#/properties/a", "properties": {"a": TEXT}}, "leads nowhere, or has rules beside it"),
        ({"$defs": {"A": {"$ref": "#/$defs/B"}, "B": TEXT}, "$ref": "#/$defs/A"}, "leads nowhere"),
        ({"$defs": {"A": TEXT}, "properties": {"a": {"$ref": "#/$defs/A", "maxLength": 1}}}, "has rules beside it"),
        ({"x-decimals": 1.0}, "x-decimals is not a whole number"),
        ({"x-decimals": True}, "x-decimals is not a whole number"),
        ({"properties": {"a": {"oneOf": [TEXT]}}}, "oneOf stands below the top, or beside anyOf"),
        ({"oneOf": [TEXT], "anyOf": [TEXT]}, "oneOf stands below the top, or beside anyOf"),
        ({"const": 1, "enum": [1]}, "const and enum stand side by side"),
        ({"type": "object"}, "takes fields that it does not know"),
        ({"type": ["object", "null"]}, "takes fields that it does not know"),
        ({"type": "object", "additionalProperties": True}, "takes fields that it does not know"),
        ({"additionalProperties": {"type": "string"}}, "takes fields that it does not know"),
    ],
)
def test_what_cannot_be_compared_is_told(schema: Schema, said: str) -> None:
    (told,) = strange(**schema)
    assert said in told


def test_a_description_beside_a_reference_is_no_rule() -> None:
    assert strange(**{"$defs": {"A": TEXT}, "properties": {"a": {"$ref": "#/$defs/A", "description": "D"}}}) == []
