"""Whether one JSON Schema still accepts everything that another accepted, field by field.

Invariant: a keyword that is not understood is a finding; what cannot be shown to be wider counts as narrower.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator, SchemaError

from contracts.schemas import DIALECT

Schema = Mapping[str, Any]

ANNOTATIONS = {"title", "description", "examples"}
FLOORS = {"minLength", "minItems", "minProperties"}
CEILINGS = {"maxLength", "maxItems", "maxProperties", "x-decimals"}
BOUNDS = {"minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"}
# Whether one such rule is wider than another cannot be told from them: the same, or gone.
SAME_OR_GONE = {"pattern", "format", "not", "additionalProperties"}
VALUES = {"type", "enum", "const"}
OBJECTS = {"properties", "required", "dependentRequired"}
CHOICES = ("anyOf", "oneOf")
NO_RULE = ANNOTATIONS | {"$schema", "$id", "$defs", "default"}
UNDERSTOOD = (
    (NO_RULE | FLOORS | CEILINGS | BOUNDS) | (SAME_OR_GONE | VALUES | OBJECTS) | {*CHOICES, "allOf", "items", "$ref"}
)

NEW_VERSION = "leave this version as it was and publish the change as a new version of the event type (.v2)"
KEEP = "put it back as it was published"
ONLY_WIDEN = f"only widen what is published, or {NEW_VERSION}"
ADD_OPTIONAL = f"make it optional, or {NEW_VERSION}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One incompatible change: what changed, where (file, and field), and what to do instead."""

    where: str
    what: str
    instead: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}. Instead: {self.instead}."


def narrowings(published: Schema, present: Schema, where: str) -> list[Finding]:
    """Every way in which the present schema takes less than the published one. Both must be understood."""
    findings = _Comparison(published, present).narrowed(published, present, where)
    if len(present.get("oneOf", [])) > len(published.get("oneOf", [])):
        findings.append(Finding(where, "oneOf has a further choice, which may overlap", "use anyOf"))
    return findings


def not_understood(side: str, path: str, schema: Schema) -> Iterator[Finding]:
    """Everything in a schema that this module cannot compare. `side` says whose schema it is."""
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        within = ".".join(str(part) for part in error.absolute_path)
        yield Finding(f"{path}: {within}", f"{side}: is not JSON Schema: {error.message}", "write valid JSON Schema")
        return
    if schema.get("$schema") != DIALECT:
        yield Finding(path, f"{side}: is not of the dialect compared here", f"let $schema be {DIALECT}")
    yield from _unknown_keywords(side, schema, schema, path)


def _unknown_keywords(side: str, root: Schema, schema: object, where: str) -> Iterator[Finding]:
    if not isinstance(schema, dict):
        yield Finding(where, f"{side}: is not a schema object", "write a schema object")
        return
    for keyword in sorted(schema.keys() - UNDERSTOOD):
        instead = "correct its spelling, or teach contracts/narrowing.py to compare it"
        yield Finding(where, f"{side}: the keyword {keyword} is not understood", instead)
    for what, instead in _not_comparable(root, schema):
        yield Finding(where, f"{side}: {what}", instead)
    for group in ("properties", "$defs"):
        for name, part in schema.get(group, {}).items():
            yield from _unknown_keywords(side, root, part, _inside(where, name))
    for keyword in (*CHOICES, "allOf"):
        for part in schema.get(keyword, []):
            yield from _unknown_keywords(side, root, part, _inside(where, keyword))
    for keyword in ("items", "not"):
        if keyword in schema:
            yield from _unknown_keywords(side, root, schema[keyword], _inside(where, keyword))


def _not_comparable(root: Schema, schema: Schema) -> Iterator[tuple[str, str]]:
    if "$ref" in schema and (_target(root, schema["$ref"]) is None or schema.keys() - NO_RULE - {"$ref"}):
        yield f"{schema['$ref']} leads nowhere, or has rules beside it", "refer to an entry of $defs, and add no rule"
    if type(schema.get("x-decimals", 0)) is not int:
        yield "x-decimals is not a whole number", "give the number of decimals"
    if "oneOf" in schema and (schema is not root or "anyOf" in schema):
        yield "oneOf stands below the top, or beside anyOf", "use anyOf: choices under oneOf may come to overlap"
    if "const" in schema and "enum" in schema:
        yield "const and enum stand side by side", "keep to one of them"
    only_known = schema.get("additionalProperties")
    if only_known is not False and ("additionalProperties" in schema or "object" in (_types(schema) or ())):
        yield "takes fields that it does not know", "let additionalProperties be false: a personal value slips through"


def _target(root: Schema, reference: str) -> Schema | None:
    prefix = "#/$defs/"
    definition = root.get("$defs", {}).get(reference.removeprefix(prefix)) if reference.startswith(prefix) else None
    return definition if isinstance(definition, dict) and "$ref" not in definition else None


def _inside(where: str, name: str) -> str:
    return f"{where}.{name}" if ": " in where else f"{where}: {name}"


@dataclass(frozen=True, slots=True)
class _Comparison:
    old_root: Schema
    new_root: Schema

    def narrowed(self, old: Schema, new: Schema, where: str) -> list[Finding]:
        """Where the new schema takes less than the old one."""
        findings = [*_changed_default(old, new, where)]
        old_rules, old_choices = _rules_and_choices(self.old_root, old)
        new_rules, new_choices = _rules_and_choices(self.new_root, new)
        if old_choices and not old_rules:
            return findings + [finding for one in old_choices for finding in self.narrowed(one, new, where)]
        findings += self._narrowed_rules(old_rules, new_rules, where)
        if new_choices:
            # Enough is either: one choice takes all there was, or each choice there was has one that takes it.
            as_a_whole = self._beside_the_nearest(old, new_choices, where)
            each = [self._beside_the_nearest(one, new_choices, where) for one in old_choices]
            one_by_one = [finding for one in each for finding in one]
            findings += one_by_one if each and len(one_by_one) < len(as_a_whole) else as_a_whole
        return findings

    def _beside_the_nearest(self, old: Schema, choices: list[Schema], where: str) -> list[Finding]:
        # The choice of the same name says best what changed; without a name, the nearest does.
        namesakes = [choice for choice in choices if "$ref" in old and choice.get("$ref") == old["$ref"]]
        compared = [self.narrowed(old, choice, where) for choice in namesakes or choices]
        return min(compared, key=len)

    def _narrowed_rules(self, old: Schema, new: Schema, where: str) -> Iterator[Finding]:
        yield from _narrowed_values(old, new, where)
        yield from _narrowed_range(old, new, where)
        for keyword in sorted(SAME_OR_GONE & new.keys()):
            if keyword not in old or not _same(old[keyword], new[keyword]):
                what = f"{keyword} changed from {old.get(keyword, 'none')} to {new[keyword]}"
                yield Finding(where, what, f"{KEEP}, or {NEW_VERSION}")
        for rule in new.get("allOf", []):
            if not any(_same(rule, one) for one in old.get("allOf", [])):
                yield Finding(where, f"a further rule holds: {json.dumps(rule)}", NEW_VERSION)
        if "items" in new:
            yield from self.narrowed(old.get("items", {}), new["items"], _inside(where, "items"))
        yield from self._narrowed_fields(old, new, where)

    def _narrowed_fields(self, old: Schema, new: Schema, where: str) -> Iterator[Finding]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name in (name for name in before if name not in after):
            if new.get("additionalProperties") is False:
                alike = [other for other in after if other not in before and _alike(after[other], before[name])]
                what = f"the field was renamed to {alike[0]}" if alike else "the field was removed"
                yield Finding(_inside(where, name), what, f"keep it, optional or not, or {NEW_VERSION}")
        for name in sorted(set(new.get("required", [])) - set(old.get("required", []))):
            yield Finding(_inside(where, name), "the field is newly required", ADD_OPTIONAL)
        for name, needed in new.get("dependentRequired", {}).items():
            # Nobody has sent a field that was refused.
            is_new = name not in before and old.get("additionalProperties") is False
            for other in [] if is_new else sorted(set(needed) - set(old.get("dependentRequired", {}).get(name, []))):
                yield Finding(_inside(where, name), f"the field newly needs {other} beside it", ADD_OPTIONAL)
        for name, schema in after.items():
            # A field that an object did not know was refused there; a rule on part of an object let it be anything.
            if name in before or old.get("additionalProperties") is not False:
                yield from self.narrowed(before.get(name, {}), schema, _inside(where, name))


def _rules_and_choices(root: Schema, schema: Schema) -> tuple[dict[str, Any], list[Schema]]:
    """A schema with its reference resolved: what must hold in any case, and the choices of which one must hold."""
    whole = (_target(root, schema["$ref"]) or {}) if "$ref" in schema else schema
    rules = {keyword: value for keyword, value in whole.items() if keyword not in NO_RULE | {*CHOICES}}
    return rules, [choice for keyword in CHOICES for choice in whole.get(keyword, [])]


def _alike(one: Schema, other: Schema) -> bool:
    one, other = ({key: it[key] for key in it.keys() - ANNOTATIONS} for it in (one, other))
    return _same(one, other)


def _changed_default(old: Schema, new: Schema, where: str) -> Iterator[Finding]:
    if "default" in old and not _same(old["default"], new.get("default")):
        what = f"leaving it out meant {json.dumps(old['default'])} and would mean {json.dumps(new.get('default'))}"
        yield Finding(where, what, KEEP)


def _narrowed_values(old: Schema, new: Schema, where: str) -> Iterator[Finding]:
    before, after = _types(old), _types(new)
    if after is not None:
        gone = (before or {"anything else"}) - after - ({"integer"} if "number" in after else set())
        if gone:
            yield Finding(where, f"the type {' or '.join(sorted(gone))} is no longer taken", ONLY_WIDEN)
    taken, took = _values(new), _values(old)
    if taken is None:
        return
    if took is None:
        yield Finding(where, f"only {json.dumps(taken)} is taken now", ONLY_WIDEN)
    for value in took or []:
        if not any(_same(value, other) for other in taken):
            yield Finding(where, f"the value {json.dumps(value)} is no longer taken", f"{KEEP}: codes are only added")


def _types(schema: Schema) -> set[str] | None:
    stated = schema.get("type")
    return None if stated is None else {stated} if isinstance(stated, str) else set(stated)


def _values(schema: Schema) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    values: list[Any] | None = schema.get("enum")
    return values


def _narrowed_range(old: Schema, new: Schema, where: str) -> Iterator[Finding]:
    for keyword in sorted(FLOORS & new.keys()):
        if new[keyword] > old.get(keyword, 0):
            yield Finding(where, f"{keyword} went from {old.get(keyword, 0)} up to {new[keyword]}", ONLY_WIDEN)
    for keyword in sorted(CEILINGS & new.keys()):
        if keyword not in old or new[keyword] < old[keyword]:
            yield Finding(where, f"{keyword} went from {old.get(keyword, 'none')} down to {new[keyword]}", ONLY_WIDEN)
    lowest, now_lowest = _lower_bound(old), _lower_bound(new)
    if now_lowest > lowest:
        rose = (f"{'above ' if left_out else ''}{value}" for value, left_out in (lowest, now_lowest))
        yield Finding(where, f"the lowest value rose from {' to '.join(rose)}", ONLY_WIDEN)
    highest, now_highest = _upper_bound(old), _upper_bound(new)
    if now_highest < highest:
        fell = (f"{'' if taken else 'below '}{value}" for value, taken in (highest, now_highest))
        yield Finding(where, f"the highest value fell from {' to '.join(fell)}", ONLY_WIDEN)


def _lower_bound(schema: Schema) -> tuple[float, bool]:
    """The lowest value, and whether it is itself left out."""
    infinity = float("inf")
    return max((schema.get("minimum", -infinity), False), (schema.get("exclusiveMinimum", -infinity), True))


def _upper_bound(schema: Schema) -> tuple[float, bool]:
    """The highest value, and whether it is itself taken."""
    infinity = float("inf")
    return min((schema.get("maximum", infinity), True), (schema.get("exclusiveMaximum", infinity), False))


def _same(one: object, other: object) -> bool:
    # To Python 1 is True and 1.0; to a reader of JSON they are not.
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
