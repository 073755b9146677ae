"""What HEAD must say: all that GET says but the body.

Invariant: a header that moves on by itself must be there, whatever it says; every other says the same.
"""

from typing import Any

import httpx

MOVING = {"date", "content-length", "content-disposition", "link", "complete-until", "set-cookie"}
"""Headers that can differ between two answers to one question: they name the instant, or hang on how long it is."""


def same_but_for_the_body(head: httpx.Response, *gets: httpx.Response) -> None:
    """HEAD was answered as GET: as that before it, or as that after it."""
    assert head.content == b""
    assert _told(head) in [_told(get) for get in gets], f"{head.url}: {gets[0].text[:200]}"


def _told(answer: httpx.Response) -> tuple[int, list[tuple[str, Any]]]:
    headers = sorted((name, None if name in MOVING else value) for name, value in answer.headers.multi_items())
    return answer.status_code, headers
