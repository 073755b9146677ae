"""API keys: who may call, for which authority, with which right. Checked once for each request, before the rest is
read.

Invariant: a key itself is kept nowhere; only its SHA-256 stands in the settings. Keys are 256 random bits, so a plain
hash cannot be guessed back. Every path needs a key unless it is listed as open, so a forgotten route needs one too.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from services.chassis.problems import Problem

EVERY_AUTHORITY = "*"
KEY_BYTES = 32


class Right(StrEnum):
    """What a caller may do: send events and extracts, say where an event came from, read what a service knows,
    operate the service, read the register of persons, erase a person from it.
    """

    FEED = "feed"
    ATTEST = "attest"
    READ = "read"
    OPERATE = "operate"
    PERSONS = "persons"
    ERASE = "erase"


class ApiKey(BaseModel):
    """One key as the settings hold it. `authority` is a three-digit code, or * for all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=60)]
    authority: Annotated[str, Field(pattern=r"^([0-9]{3}|\*)$")]
    rights: tuple[Right, ...]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Caller(BaseModel):
    """Who is calling."""

    model_config = ConfigDict(frozen=True)

    name: str
    authority: str
    rights: tuple[Right, ...]

    def may(self, right: Right, authority: str) -> bool:
        """Whether the caller has this right for this authority."""
        return right in self.rights and self.authority in (EVERY_AUTHORITY, authority)


LOOPBACK_CALLER = Caller(name="loopback", authority=EVERY_AUTHORITY, rights=tuple(Right))
"""The caller of a service that has no keys, and therefore listens on this machine only."""


def hash_key(key: str) -> str:
    """The SHA-256 of a key, as the settings hold it."""
    return hashlib.sha256(key.encode()).hexdigest()


def new_key(name: str, authority: str, rights: tuple[Right, ...]) -> tuple[str, ApiKey]:
    """A new random key, and what the settings hold of it."""
    key = secrets.token_urlsafe(KEY_BYTES)
    return key, ApiKey(name=name, authority=authority, rights=rights, sha256=hash_key(key))


def find_caller(keys: tuple[ApiKey, ...], presented: str | None) -> Caller | None:
    """Whose key was presented; None if it is missing or unknown. Without keys everybody is the loopback caller."""
    if not keys:
        return LOOPBACK_CALLER
    if presented is None:
        return None
    digest = hash_key(presented)
    for key in keys:
        if hmac.compare_digest(key.sha256, digest):
            return Caller(name=key.name, authority=key.authority, rights=key.rights)
    return None


OfSession = Callable[[Request], Caller | None]
"""Whose session a request belongs to, if a service has pages to sign in to."""
READS = frozenset({"GET", "HEAD"})
"""Methods that change nothing. Another site can make a browser send such a request, but it does no harm."""


class KeyFirst:
    """Middleware: a path that is not open needs a known key, or a session if the request only reads. Before that
    only path, key and session of the request are looked at. `is_open` says whether everybody may ask for a path.
    """

    def __init__(
        self,
        app: ASGIApp,
        keys: tuple[ApiKey, ...],
        is_open: Callable[[str], bool],
        of_session: OfSession | None = None,
    ) -> None:
        self._app = app
        self._keys = keys
        self._is_open = is_open
        self._of_session = of_session

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its caller, or answer 401."""
        if scope["type"] == "http" and not self._is_open(scope["path"]):
            caller = self._caller(scope)
            if caller is None:
                await _key_needed()(scope, receive, send)
                return
            scope["caller"] = caller
        await self._app(scope, receive, send)

    def _caller(self, scope: Scope) -> Caller | None:
        headers = Headers(scope=scope)
        if self._of_session is None or scope["method"] not in READS or "authorization" in headers:
            return find_caller(self._keys, presented_key(headers))
        return find_caller(self._keys, None) or self._of_session(Request(scope))


CHALLENGES = ("Bearer", 'Basic realm="workforce", charset="UTF-8"')
"""The two ways to send a key, in one header each: some programs look only at the first scheme of a header."""


def presented_key(headers: Headers) -> str | None:
    """The key that a request shows, by Bearer or Basic; None where it shows none."""
    given = headers.getlist("authorization")
    # Of two headers nobody can say which one a proxy before us looked at.
    scheme, _, credentials = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    credentials = credentials.strip(" ")
    if scheme.lower() == "basic":
        return _password(credentials)
    return credentials or None if scheme.lower() == "bearer" else None


def _password(credentials: str) -> str | None:
    """The password of Basic (RFC 7617). Spreadsheets can send a user and a password, and nothing else.

    Any user name is accepted.
    """
    try:
        _, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except ValueError:
        return None
    return password or None


def _key_needed() -> JSONResponse:
    detail = (
        "Send the header `Authorization: Bearer <key>` with a key of this service, or the key as the password of "
        "Basic, with any user name."
    )
    answer = Problem(401, "key-needed", "A valid key is needed", detail).answer()
    for challenge in CHALLENGES:
        answer.headers.append("WWW-Authenticate", challenge)
    return answer


def authenticated_caller(request: Request) -> Caller:
    """Who calls. (Only what needs a key has a caller.)"""
    caller: Caller = request.scope["caller"]
    return caller


class Needs:
    """A dependency of a route: which right its callers need, checked before anything of body or query is read.

    The authority is known only once the query is read; with `everywhere` the right is needed for all authorities.
    """

    def __init__(self, right: Right, refusal: str, *, everywhere: bool = False) -> None:
        self._right = right
        self._refusal = refusal
        self._everywhere = everywhere

    async def __call__(self, request: Request) -> None:
        """Raises a 403 problem if the caller lacks the right."""
        caller = authenticated_caller(request)
        if self._right not in caller.rights or (self._everywhere and caller.authority != EVERY_AUTHORITY):
            raise Problem(403, "not-allowed", "Not allowed", self._refusal)


FEEDING = Depends(Needs(Right.FEED, f"This key has no right to send events ({Right.FEED})."))
READING = Depends(Needs(Right.READ, f"This key has no right to read what this service knows ({Right.READ})."))
OPERATING = Depends(
    Needs(
        Right.OPERATE,
        "A key with the right `operate` for all authorities (`--authority '*'`) is needed.",
        everywhere=True,
    )
)
"""What a route lists as its dependencies, so that its callers need that right."""
