"""A small provider of OpenID Connect: real HTTP on this machine, tokens that are really signed.

Invariant: it does what the standard asks of a provider; what a test would have it do wrong stands in `claims` and
`signs`.
"""

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT, CLIENT_SECRET = "workforce", "what the provider gave the service"


class Provider:
    """What it knows, and how it answers."""

    def __init__(self) -> None:
        self.keys: list[Any] = [RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})]
        self.signs: Any = self.keys[0]
        """The key that it signs with; None for a token that nobody signed."""
        self.claims: dict[str, Any] = {}
        """Claims that are others, or None for those that are left out."""
        self.groups: list[str] | str = ["workforce-team"]
        self.algorithms = ["RS256"]
        self.host = "127.0.0.1"
        """What this machine is called in its addresses."""
        self.shows_a_page = False
        """Whether people have to say who they are, or are sent back at once."""
        self.ends_sessions_at: str | None = None
        """Where somebody signs out of it, if it tells."""
        self.issuer = ""
        self.asked: dict[str, dict[str, str]] = {}
        """By code, what was asked with it; a code counts once."""

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "id_token_signing_alg_values_supported": self.algorithms,
        } | ({} if self.ends_sessions_at is None else {"end_session_endpoint": self.ends_sessions_at})

    def authorize(self, asked: dict[str, str]) -> str:
        """Somebody signs in: where their browser is sent."""
        assert asked["client_id"] == CLIENT
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        code = f"code-{len(self.asked) + 1}"
        self.asked[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, sent: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """The tokens for a code."""
        pair = base64.b64encode(f"{CLIENT}:{CLIENT_SECRET}".encode()).decode()
        # By then the code must be in, and only once.
        asked = self.asked.pop(sent.get("code", ""), None)
        if authorization != f"Basic {pair}" or asked is None or sent["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(sent["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "opaque", "token_type": "Bearer", "id_token": self.id_token(asked)}

    def id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": "a1b2c3",
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            "groups": self.groups,
        } | self.claims
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.signs is None:
            parts = [json.dumps(part).encode() for part in ({"alg": "none", "kid": "one"}, claims)]
            return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."
        if isinstance(self.signs, str):
            return self.signs
        header = {"alg": "RS256", "kid": self.signs.kid}
        return jwt.encode(header, claims, self.signs)


@contextmanager
def running(provider: Provider) -> Iterator[Provider]:
    """The provider, when it answers; stopped afterwards."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, asked = self._asked(urlsplit(self.path).query)
            if path == "/.well-known/openid-configuration":
                self._answer(200, provider.discovery())
            elif path == "/keys":
                self._answer(200, KeySet(provider.keys).as_dict(private=False))
            elif path == "/authorize":
                self._send_back(provider.authorize(asked))
            else:
                self._answer(404, {})

        def _send_back(self, address: str) -> None:
            self.send_response(200 if provider.shows_a_page else 302)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.send_header("location", address)
            self.end_headers()
            self.wfile.write(f'<a href="{escape(address)}">Go on as somebody of the council</a>'.encode())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            _, sent = self._asked(body)
            self._answer(*provider.token(sent, self.headers.get("authorization", "")))

        def _asked(self, query: str) -> tuple[str, dict[str, str]]:
            return urlsplit(self.path).path, {name: values[-1] for name, values in parse_qs(query).items()}

        def _answer(self, status: int, body: object) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://{provider.host}:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
