"""Who looks at a page: a key in the request's header, a session, or anybody on this machine.

Invariant: a session holds only who began it, and in which way. What they may do is looked up again each time. It ends
when they may not read any more, after some hours, or when they sign out. A key itself is in no cookie.
"""

import hmac
import re
import secrets
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from itsdangerous import BadData, BadSignature, TimestampSigner, URLSafeTimedSerializer

from services.chassis.authentication import ApiKey, Caller, Right, find_caller, hash_key, presented_key
from services.chassis.problems import Problem
from services.chassis.settings import Settings

SESSION_COOKIE = "workforce_session"
FORM_COOKIE = "workforce_form"
SESSION_SECONDS = 8 * 60 * 60
"""A working day: a person who comes back tomorrow signs in again."""
FORM_SECONDS = 60 * 60
SIGN_IN = "/sign-in"
BACK = "/sign-in/openid-connect/back"
"""Where the site of the council's accounts sends people back to."""
NAMED_BY = 32
"""A key stands in a cookie by so many digits of its digest, which say nothing of it and change with it."""
PURPOSE_SESSION, PURPOSE_FORM, PURPOSE_WAY = "session", "form", "way"
WAY_COOKIE, WAY_SECONDS = "workforce_way", 10 * 60
"""What a browser keeps while its user is at another site to sign in, and for how long."""


class Authentication(Protocol):
    """A way to sign in. What it calls somebody stands in their session. A person that it forgot has no session."""

    way: str
    """What sessions that began so are marked with."""

    def caller(self, named: str) -> Caller | None:
        """Who that is, and what they may do now; None if they may not read any more."""


class NotSignedIn(Exception):
    """Somebody could not be signed in: why, in words for them; `status` is that of the page."""

    def __init__(self, reason: str, status: int = 403) -> None:
        super().__init__(reason)
        self.status = status


class AccountAuthentication(Authentication, Protocol):
    """A way to sign in at another site, with an account that somebody has there. Each step raises NotSignedIn."""

    async def leave(self, request: Request) -> tuple[str, dict[str, Any]]:
        """The address of that site's page, and what this browser keeps until it comes back."""

    async def come_back(self, request: Request, kept: dict[str, Any]) -> str:
        """Who signed in, as their session names them."""

    async def where_to_sign_out(self) -> str | None:
        """Where somebody signs out of the account; None if that site tells of no such page."""


class KeyAuthentication:
    """Persons who show a key that may read."""

    way = "key"

    def __init__(self, keys: Sequence[ApiKey]) -> None:
        self._keys = tuple(keys)

    def named(self, key: str) -> str | None:
        """The name of the person who shows this key; None if the key is not known, or may not read."""
        caller = find_caller(self._keys, key)
        return hash_key(key)[:NAMED_BY] if caller is not None and Right.READ in caller.rights else None

    def caller(self, named: str) -> Caller | None:
        """Whose key it is, as long as the settings have it and it may read."""
        for key in self._keys:
            if hmac.compare_digest(key.sha256[:NAMED_BY].encode(), named.encode()) and Right.READ in key.rights:
                return Caller(name=key.name, authority=key.authority, rights=key.rights)
        return None


class FormToken(NamedTuple):
    """A token: a browser holds it in a cookie, and a form holds it signed."""

    held: str
    signed: str


class Sessions:
    """The sessions of one process, or of all that are told the same secret."""

    def __init__(self, settings: Settings, secret: str, ways: Sequence[Authentication]) -> None:
        self._keys = settings.api_keys
        self._secure = settings.listens_beyond_this_machine
        self._ways = {each.way: each for each in ways}
        self._session = URLSafeTimedSerializer(secret, salt=PURPOSE_SESSION)
        self._way_back = URLSafeTimedSerializer(secret, salt=PURPOSE_WAY)
        self._form = TimestampSigner(secret, salt=PURPOSE_FORM)

    def caller(self, request: Request) -> Caller | None:
        """Who looks at a page; None if nobody has signed in who still may read, or beside a key that is not known."""
        if shows_a_key(request):
            return find_caller(self._keys, presented_key(request.headers))
        return find_caller(self._keys, None) or self.of_session(request)

    def of_session(self, request: Request) -> Caller | None:
        """Whose session a request belongs to; None if it has no session, or they may not read any more."""
        way, named = self._begun(request)
        authentication = self._ways.get(way)
        return None if authentication is None else authentication.caller(named)

    def way_of(self, request: Request) -> str:
        """In which way the session of a request began; empty if it has none."""
        return self._begun(request)[0]

    def _begun(self, request: Request) -> tuple[str, str]:
        try:
            way, named = self._session.loads(request.cookies.get(SESSION_COOKIE, ""), max_age=SESSION_SECONDS)
        except (BadData, TypeError, ValueError):
            return "", ""
        return way, named

    def begin(self, answer: Response, way: str, named: str) -> None:
        """Begin a session of somebody who signed in by one of the ways."""
        self._set(answer, SESSION_COOKIE, self._session.dumps((way, named)), SESSION_SECONDS)

    def keep_way(self, answer: Response, kept: dict[str, Any]) -> None:
        """Have the browser keep what it needs when another site sends it back. That is why this cookie is Lax."""
        value = self._way_back.dumps(kept)
        answer.set_cookie(
            WAY_COOKIE, value, WAY_SECONDS, path=SIGN_IN, httponly=True, samesite="lax", secure=self._secure
        )

    def kept_way(self, request: Request) -> dict[str, Any]:
        """What the browser kept; empty if it is not ours, or too old."""
        try:
            kept = self._way_back.loads(request.cookies.get(WAY_COOKIE, ""), max_age=WAY_SECONDS)
        except BadData:
            return {}
        return kept if isinstance(kept, dict) else {}

    def forget_way(self, answer: Response) -> None:
        """Delete what the browser kept, because it counts only once."""
        answer.delete_cookie(WAY_COOKIE, path=SIGN_IN, httponly=True, samesite="lax", secure=self._secure)

    def end(self, answer: Response) -> None:
        """End the session."""
        answer.delete_cookie(SESSION_COOKIE, httponly=True, samesite="strict", secure=self._secure)

    def form_token(self, request: Request) -> "FormToken":
        """What a form sends back, so that no other site can send it. It fits only the cookie of this browser."""
        held = request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(16)
        return FormToken(held, self._form.sign(held).decode())

    def keep_form(self, answer: Response, token: "FormToken") -> None:
        """Give the browser the cookie that the form's token fits."""
        self._set(answer, FORM_COOKIE, token.held, FORM_SECONDS)

    def check_form(self, request: Request, token: str) -> None:
        """Raises a 403 problem for a form that did not come from a page of this browser."""
        held = request.cookies.get(FORM_COOKIE, "")
        try:
            signed = self._form.unsign(token, max_age=FORM_SECONDS).decode()
        except BadSignature:
            signed = ""
        if not held or not hmac.compare_digest(signed.encode(), held.encode()):
            detail = "The form is too old, or did not come from this page. Open the page again and send it again."
            raise Problem(403, "form-refused", "The form was not taken", detail)

    def _set(self, answer: Response, name: str, value: str, seconds: int) -> None:
        answer.set_cookie(name, value, seconds, httponly=True, samesite="strict", secure=self._secure)


def shows_a_key(request: Request) -> bool:
    """Whether a request shows a key, known or not. It is the key then that counts, as for every route of the API."""
    return "authorization" in request.headers


def sessions_of(request: Request) -> Sessions:
    """The sessions of the process that a request came to."""
    sessions: Sessions = request.app.state.sessions
    return sessions


def to_sign_in(request: Request) -> Response:
    """Where to go without a key. From there one comes back to the page."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{SIGN_IN}?{urlencode({'then': f'{request.url.path}{query}'})}", 303)


def within_this_site(then: str | None) -> str:
    """An address to go to after signing in: a path of this site, never another site's."""
    # Browsers drop tabs and line breaks, read a backslash as /, and take what follows // for the name of a site.
    is_ours = re.fullmatch(r"/(?![/\\])[^\\\x00-\x1f\x7f]*", then or "")
    return is_ours[0] if is_ours else "/"
