"""Who asks a running part says how long it may take: httpx gives up after five seconds, which a busy machine needs.

Invariant: nothing is asked here; the tests' own files are read.
"""

import ast
from pathlib import Path

TESTS = Path(__file__).parents[1]
ASKING = {"get", "post", "put", "head", "delete", "request", "stream", "Client", "AsyncClient"}
"""What httpx asks by, or makes what asks."""
SAID = {"timeout", "transport"}
"""With either of these nobody waits for five seconds: a transport leads to an application in the test's own process."""


def asked_without_patience(text: str) -> list[int]:
    """The lines in which something of httpx is called that would give up after five seconds."""
    return [
        call.lineno
        for call in ast.walk(ast.parse(text))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and (call.func.value.id, call.func.attr in ASKING) == ("httpx", True)
        and not SAID & {keyword.arg for keyword in call.keywords}
    ]


def test_whatever_is_asked_over_http_may_take_as_long_as_is_said() -> None:
    ours = (path for path in TESTS.rglob("*.py") if "node_modules" not in path.parts)
    texts = {path: path.read_text(encoding="utf-8") for path in ours}
    found = {
        str(path.relative_to(TESTS)): asked_without_patience(text) for path, text in texts.items() if "httpx." in text
    }
    assert len(found) > 50
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_who_says_nothing_is_found() -> None:
    assert asked_without_patience(
        "import httpx\nhttpx.get('/')\nhttpx.get('/', timeout=60)\nhttpx.Response(200)\n"
    ) == [2]
