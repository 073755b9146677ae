"""docker-compose.yml as compose reads it: variables filled in from a file of secrets, for tests without an engine.

Invariant: a variable that is required and missing, or empty, is an error here as it is there.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).parents[2]
COMPOSE_FILE = REPOSITORY / "docker-compose.yml"
ON_KAFKA = ("recruitment", "retention", "metrics")
SERVICES = (*ON_KAFKA, "people")

VARIABLE = re.compile(r"\$\{(?P<name>[A-Z_]+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\}")


class VariableMissing(Exception):
    """Raised as compose refuses to start: a required variable has no value."""


def read_compose(variables: Mapping[str, str]) -> dict[str, Any]:
    """The file with its variables filled in."""
    read: dict[str, Any] = yaml.safe_load(COMPOSE_FILE.read_text(encoding="utf-8"))
    filled: dict[str, Any] = _filled(read, variables)
    return filled


def required_variables() -> set[str]:
    """The variables without which compose refuses to start."""
    text = COMPOSE_FILE.read_text(encoding="utf-8")
    return {variable["name"] for variable in VARIABLE.finditer(text) if variable["kind"] == "?"}


def read_env_file(path: Path) -> dict[str, str]:
    """The variables of an .env file. In single quotes a value is taken as it stands."""
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {name: value[1:-1] if value.startswith("'") else value for name, _, value in pairs}


def _filled(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return VARIABLE.sub(lambda variable: _value(variable, variables), value)
    if isinstance(value, dict):
        return {name: _filled(item, variables) for name, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, variables) for item in value]
    return value


def _value(variable: re.Match[str], variables: Mapping[str, str]) -> str:
    value = variables.get(variable["name"], "")
    if value or variable["kind"] is None:
        return value
    if variable["kind"] == "?":
        raise VariableMissing(f"{variable['name']}: {variable['rest']}")
    return variable["rest"]
