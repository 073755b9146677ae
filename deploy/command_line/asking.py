"""How the command asks a service, and what it says if that fails.

Invariant: the reader of an error learns what was wrong and what would be right. Nothing of a key is ever shown.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Any, NoReturn
from urllib.parse import quote

import httpx
import typer

USUAL = {
    "metrics": "http://127.0.0.1:8100",
    "recruitment": "http://127.0.0.1:8101",
    "retention": "http://127.0.0.1:8102",
    "people": "http://127.0.0.1:8103",
}
"""Where `make up` has the services."""
KEY = "WORKFORCE_API_KEY"
SECONDS = 120.0
"""How long an answer may take: large questions wait for their turn."""


class Code(IntEnum):
    """The exit status of the command."""

    OK = 0
    FAILED = 1
    USAGE = 2
    AWAY = 3


class Away(Exception):
    """Raised if a service does not answer, or says that it cannot now."""


class Refused(Exception):
    """Raised for an answer of problem details: `problem` has them, `status` is the HTTP status."""

    def __init__(self, text: str, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(text)
        self.status = status
        self.problem = problem


def fail(text: str, code: Code = Code.FAILED) -> NoReturn:
    """End the command, and say why."""
    sys.stderr.write(f"workforce: {text}\n")
    raise typer.Exit(code)


def url_of(service: str) -> str:
    """The address of a service; empty if a setting says that there is no such service."""
    return os.environ.get(variable_of(service), USUAL[service]).rstrip("/")


def variable_of(service: str) -> str:
    """The environment variable that holds the address of a service."""
    return f"WORKFORCE_{service.upper()}_URL"


def in_path(text: str) -> str:
    """A name as one part of a path: what somebody types leads to no other address."""
    return quote(text, safe="")


def authority_or_fail(given: str | None) -> str:
    """The authority that is meant."""
    if not given:
        fail("which authority? Say --authority 331, or set WORKFORCE_AUTHORITY", Code.USAGE)
    return given


def request(
    service: str,
    method: str,
    path: str,
    *,
    params: Mapping[str, Any] | None = None,
    content: bytes | None = None,
    json: Any = None,
    content_type: str | None = None,
) -> httpx.Response:
    """The answer of a service. Raises Away and Refused."""
    headers = {"Accept": "application/json"}
    headers |= {"Content-Type": content_type} if content_type else {}
    key = os.environ.get(KEY)
    headers |= {"Authorization": f"Bearer {key}"} if key else {}
    parameters = {name: value for name, value in (params or {}).items() if value not in (None, [], ())}
    try:
        answer = httpx.request(
            method, url_of(service) + path, params=parameters or None, content=content, json=json, headers=headers,
            timeout=SECONDS,
        )  # fmt: skip
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise Away(_away(service, error)) from None
    if answer.is_success:
        return answer
    problem = _problem(answer)
    if answer.status_code == 503 and not path.startswith("/health"):
        raise Away(f"{service} cannot answer now: {problem.get('detail', '')}")
    raise Refused(_in_words(service, answer.status_code, problem), answer.status_code, problem)


def ask(service: str, method: str, path: str, **more: Any) -> httpx.Response:
    """The same; if it fails the command ends, and says why."""
    try:
        return request(service, method, path, **more)
    except Away as error:
        fail(str(error), Code.AWAY)
    except Refused as error:
        fail(str(error), Code.FAILED)


def pages(service: str, path: str, params: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every page of an answer."""
    body: dict[str, Any] = ask(service, "GET", path, params=params).json()
    yield body
    while following := body.get("links", {}).get("next"):
        body = ask(service, "GET", following).json()
        yield body


def _away(service: str, error: Exception) -> str:
    where = url_of(service)
    if not where:
        return f"there is no {service} here: {variable_of(service)} is empty"
    if isinstance(error, httpx.TimeoutException):
        return f"{service} at {where} did not answer in time"
    there = f"{variable_of(service)} says where it is"
    return f"{service} at {where} does not answer. Is it running? `make up` starts it; {there}"


def _problem(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        body = None
    return body if isinstance(body, dict) else {"detail": f"HTTP status {answer.status_code}"}


def _in_words(service: str, status: int, problem: Mapping[str, Any]) -> str:
    """What a person needs of a problem."""
    if status == 401:
        return (
            f"{service} needs a key that it knows: set {KEY} (the runbook, 'Keys and passwords', says how to make one)"
        )
    faults = problem.get("faults", ())
    # The detail says the faults once more, in one line.
    lines = [f"{problem.get('title') or 'refused'}: {'' if faults else problem.get('detail', '')}".rstrip(": ")]
    for fault in faults:
        came = f" (came: {fault['value']})" if "value" in fault else ""
        lines.append(f"  {fault['field']} {fault['problem']}{came}; right would be: {fault['expected']}")
    left_out = problem.get("faults_left_out")
    return "\n".join([*lines, *([f"  and {left_out} more"] if left_out else [])])
