"""Forms that change something: each carries a token that this browser alone can send.

Invariant: nothing of a form counts before its token was checked.
"""

from urllib.parse import parse_qs

from fastapi import Request, Response

from services.chassis.problems import Problem
from services.metrics.pages.rendering import render
from services.metrics.pages.signing_in import sessions_of

LARGEST_FORM = 10_000
"""Bytes of one."""
TOKEN = "token"  # noqa: S105  (the name of a field)

Fields = dict[str, list[str]]


async def read_form(request: Request) -> Fields:
    """The fields of a form, each with its value.

    Raises a 403 problem for a form of another site, and a 413 problem for one that is too large to be ours.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM:
            raise Problem(413, "too-large", "The form is too large", f"At most {LARGEST_FORM} bytes.")
    fields = parse_qs(body.decode(errors="replace"))
    sessions_of(request).check_form(request, field_text(fields, TOKEN))
    return fields


def field_text(fields: Fields, name: str) -> str:
    """The value of a field; empty if the field is missing."""
    return fields.get(name, [""])[-1].strip()


def page_with_form(request: Request, template: str, context: dict[str, object], status: int = 200) -> Response:
    """A page with a form that this browser alone can send."""
    sessions = sessions_of(request)
    token = sessions.form_token(request)
    answer = render(template, {**context, TOKEN: token.signed}, status)
    sessions.keep_form(answer, token)
    return answer
