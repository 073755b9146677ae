"""Who looks at a page: a key in the request's header, a session that began with one, or anybody on this machine.

Invariant: a session is no more than a key that was shown before. It ends with the key, after some hours, or by signing
out; the key itself is in no cookie.
"""

import hmac
import secrets
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from itsdangerous import BadSignature, TimestampSigner

from services.chassis.authentication import Caller, Right, find_caller, hash_key, presented_key
from services.chassis.problems import Problem
from services.chassis.settings import Settings

SESSION_COOKIE = "workforce_session"
FORM_COOKIE = "workforce_form"
SESSION_SECONDS = 8 * 60 * 60
"""A working day: whoever comes back tomorrow signs in again."""
FORM_SECONDS = 60 * 60
SIGN_IN = "/sign-in"
NAMED_BY = 32
"""A key stands in a cookie by so many digits of its digest, which say nothing of it and change with it."""
PURPOSE_SESSION, PURPOSE_FORM = "session", "form"


class FormToken(NamedTuple):
    """What a browser holds in a cookie, and the same signed, in a form."""

    held: str
    signed: str


class Sessions:
    """The sessions of one process, or of all that are told the same secret."""

    def __init__(self, settings: Settings, secret: str | None) -> None:
        self._keys = settings.api_keys
        self._secure = settings.listens_beyond_this_machine
        found = secret or secrets.token_urlsafe(32)
        self._session = TimestampSigner(found, salt=PURPOSE_SESSION)
        self._form = TimestampSigner(found, salt=PURPOSE_FORM)

    def caller(self, request: Request) -> Caller | None:
        """Who looks at a page; None where nobody showed a key that is still known."""
        shown = find_caller(self._keys, presented_key(request.headers))
        return shown or self._of_session(request.cookies.get(SESSION_COOKIE))

    def begin(self, answer: Response, key: str) -> bool:
        """Begin a session with a key; False where it is not known, or may not read."""
        caller = find_caller(self._keys, key)
        if caller is None or Right.READ not in caller.rights:
            return False
        named = hash_key(key)[:NAMED_BY]
        self._set(answer, SESSION_COOKIE, self._session.sign(named).decode(), SESSION_SECONDS)
        return True

    def end(self, answer: Response) -> None:
        """End the session."""
        answer.delete_cookie(SESSION_COOKIE, httponly=True, samesite="strict", secure=self._secure)

    def form_token(self, request: Request) -> "FormToken":
        """What a form sends back, so that no other site can send it: it fits the cookie of this browser alone."""
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

    def _of_session(self, cookie: str | None) -> Caller | None:
        try:
            named = self._session.unsign(cookie or "", max_age=SESSION_SECONDS).decode()
        except BadSignature:
            return None
        for key in self._keys:
            if hmac.compare_digest(key.sha256[:NAMED_BY], named):
                return Caller(name=key.name, authority=key.authority, rights=key.rights)
        return None

    def _set(self, answer: Response, name: str, value: str, seconds: int) -> None:
        answer.set_cookie(name, value, seconds, httponly=True, samesite="strict", secure=self._secure)


def to_sign_in(request: Request) -> Response:
    """Where to go without a key; from there back to the page."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{SIGN_IN}?{urlencode({'then': f'{request.url.path}{query}'})}", 303)


def within_this_site(then: str | None) -> str:
    """An address to go to after signing in: a path of this site, never another site's."""
    parts = urlsplit(then or "/")
    is_ours = not parts.scheme and not parts.netloc and parts.path.startswith("/") and "\\" not in (then or "")
    return (then or "/") if is_ours and not parts.path.startswith("//") else "/"
