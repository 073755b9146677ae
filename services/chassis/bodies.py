"""Bodies of requests: read only if a route asks for one, and never more at a time than fits the memory set aside for
them.

Invariant: a body that can be refused by its headers is refused before it is read. Its bytes count from the moment
they are expected until the request is answered, so that the memory used to process it is bounded too.
"""

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import Message
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect

from contracts.refusal import refused_by
from services.chassis.authentication import authenticated_caller
from services.chassis.content_encoding import decoding_of
from services.chassis.problems import Problem, faults_as_json, in_words
from services.chassis.settings import LimitSettings

Model = TypeVar("Model", bound=BaseModel)

JSON = "application/json"
SMALL_BODY = 65_536
"""The largest body that holds only a few settings or numbers, in bytes."""


class Bodies:
    """The bodies that one process is reading, or answering to."""

    def __init__(self, limits: LimitSettings) -> None:
        self._most = limits.bodies_bytes
        self._held: Counter[str] = Counter()

    @asynccontextmanager
    async def reading(self, request: Request, largest: int, advice: str) -> AsyncIterator[bytes]:
        """The body of a request, decoded, held as long as the block runs.

        Raises a problem:
        - 413, which says what to do in its place, if the body is larger than allowed;
        - 415 for an unknown encoding, 400 if the body is not in the encoding that it names;
        - 429 if this caller alone sends half of all that may be held, 503 if all callers together send all of it;
        - 400 if the caller goes away.
        """
        caller, held = authenticated_caller(request).name, _declared(request)
        decoding = decoding_of(request.headers.getlist("content-encoding"))
        if held > largest:
            raise _too_large(largest, advice)
        self._hold(caller, held)
        chunks = bytearray()
        try:
            async for chunk in request.stream():
                for part in decoding.parts(chunk):
                    chunks += part
                    if len(chunks) > largest:
                        raise _too_large(largest, advice)
                    if len(chunks) > held:
                        self._hold(caller, len(chunks) - held)
                        held = len(chunks)
            decoding.end()
            body = bytes(chunks)
            chunks.clear()
            yield body
        except ClientDisconnect:
            raise Problem(400, "unfinished", "The request ended early", "Its body is incomplete.") from None
        finally:
            self._held[caller] -= held

    def _hold(self, caller: str, more: int) -> None:
        if self._held[caller] + more > self._most // 2:
            raise _wait(429, "This key is sending too much at once: send one request after the other.")
        if self._held.total() + more > self._most:
            raise _wait(503, "Too much is being sent at once: send the request again in a few seconds.")
        self._held[caller] += more


def media_type(content_type: str | None) -> str:
    """The media type of a Content-Type header, without parameters, lower case."""
    return (content_type or "").split(";", 1)[0].strip().lower()


def charset_of(content_type: str | None) -> str:
    """The charset that a Content-Type header names, lower case; UTF-8 if it names none."""
    header = Message()
    header["content-type"] = content_type or ""
    return header.get_content_charset() or "utf-8"


def _declared(request: Request) -> int:
    """The length of the body as its sender states it; 0 if not stated."""
    text = request.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0


def _too_large(largest: int, advice: str) -> Problem:
    return Problem(413, "too-large", "The request is too large", f"At most {largest} bytes; {advice}.")


def _wait(status: int, detail: str) -> Problem:
    return Problem(status, "too-much-at-once", "Too much at once", detail, headers={"Retry-After": "2"})


def read_model(request: Request, body: bytes, model: type[Model]) -> Model:
    """A small JSON body as its model. Raises a 422 problem with what is wrong in it, 400 if it is not JSON, 415 if
    its content type is not JSON. Each says what would be right, with the examples of the model's fields.
    """
    right = f"send it as {JSON}, as {json.dumps(_example(model))}"
    came = media_type(request.headers.get("content-type"))
    if came != JSON:
        raise Problem(415, "not-json", "Not JSON", f"The body came as {came[:80] or 'nothing'}; {right}.")
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        if error.errors(include_url=False, include_input=False)[0]["type"] == "json_invalid":
            detail = f"The body is not JSON; {right}."
            raise Problem(400, "request-unreadable", "The request cannot be read", detail) from None
        refusal = refused_by(error, "body.", tuple(model.model_fields))
    faults = faults_as_json(refusal)
    title = "The request is not as described"
    detail = f"{in_words(faults['faults'], faults.get('faults_left_out', 0))}; {right}"
    raise Problem(422, "request-refused", title, detail, example=_example(model), **faults)


def _example(model: type[BaseModel]) -> dict[str, Any]:
    return {name: field.examples[0] for name, field in model.model_fields.items() if field.examples}
