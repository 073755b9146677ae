"""Signing in by the council's own accounts: OpenID Connect, by code flow with PKCE, state and nonce (Authlib).

Invariant: nobody is let in without an ID token that the provider signed for this service, in answer to this browser,
and without a group that the settings name. What somebody may do is what the settings say of that group when they ask.
"""

import json
import re
import warnings
from typing import Any
from urllib.parse import urlencode

import httpx
from authlib.deprecate import AuthlibDeprecationWarning
from authlib.integrations.base_client.errors import MismatchingStateError, OAuthError
from fastapi import Request
from joserfc.errors import JoseError

from services.chassis.authentication import Caller
from services.chassis.logs import get_log
from services.metrics.pages.signing_in import BACK, NotSignedIn
from services.metrics.settings import SAFE_ADDRESS, OpenIdConnectSettings

with warnings.catch_warnings():
    # It would rather have the successor of httpx, which nothing else here needs.
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.integrations.starlette_client import StarletteIntegration, StarletteOAuth2App

log = get_log(__name__)

SIGNED_BY = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA")
"""Ways to sign that only the provider can: neither unsigned nor by a secret that we know too."""
CLOCKS_DIFFER_BY = 120
"""Seconds by which the provider's clock may be another than ours."""
LONGEST_NAME = 60
TIMEOUT_SECONDS = 10.0

BEGIN_AGAIN = "Begin again from the page Sign in."
OTHER_WINDOW = "It was begun in another window or browser, or too long ago, or was finished already."
NOT_TRUSTED = "What your council's sign-in answered was not for this sign-in, is too old, or was not signed by it."
NOT_LET_IN = "Your council's sign-in did not let you in."
NOT_ACCEPTED = "Your council's sign-in did not accept the request: it may have been finished already."
NO_GROUP = "You are in no group that may read figures here. Ask the people who run this service which groups may."
AWAY = "Your council's sign-in cannot be reached at the moment, or does not answer as it should. Try again in a minute."


class OpenIdConnect:
    """The way to sign in with an account of the council."""

    way = "openid-connect"

    def __init__(self, settings: OpenIdConnectSettings) -> None:
        self._settings = settings
        self._groups = {group.group: group for group in settings.groups}
        self._app = StarletteOAuth2App(
            StarletteIntegration(self.way),
            self.way,
            client_id=settings.client_id,
            client_secret=settings.client_secret.get_secret_value(),
            server_metadata_url=f"{settings.issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={"scope": settings.scope, "code_challenge_method": "S256", "timeout": TIMEOUT_SECONDS},
        )

    def caller(self, named: str) -> Caller | None:
        """Who that is, and what their group may do now."""
        group, name = json.loads(named)
        may = self._groups.get(group)
        return None if may is None else Caller(name=name, authority=may.authority, rights=may.rights)

    async def leave(self, request: Request) -> tuple[str, dict[str, Any]]:
        """The address of the provider's page, and what this browser keeps until it comes back. Raises NotSignedIn."""
        kept: dict[str, Any] = {}
        request.scope["session"] = kept
        try:
            await self._metadata()
            answer = await self._app.authorize_redirect(request, f"{self._settings.address.rstrip('/')}{BACK}")
        except (httpx.HTTPError, RuntimeError, ValueError) as error:
            raise _away(error) from None
        return answer.headers["location"], kept

    async def come_back(self, request: Request, kept: dict[str, Any]) -> str:
        """Who signed in, as their session names them. Raises NotSignedIn."""
        request.scope["session"] = dict(kept)
        try:
            await self._metadata()
            token = await self._app.authorize_access_token(
                request,
                claims_options={
                    "iss": {"essential": True, "value": self._settings.issuer},
                    "aud": {"essential": True, "value": self._settings.client_id},
                    "exp": {"essential": True},
                },
                leeway=CLOCKS_DIFFER_BY,
            )
        except MismatchingStateError:
            raise NotSignedIn(f"{OTHER_WINDOW} {BEGIN_AGAIN}") from None
        except OAuthError as error:
            log.warning("nobody was signed in", error=str(error.error)[:100], detail=str(error.description)[:200])
            reason = NOT_LET_IN if "error" in request.query_params else NOT_ACCEPTED
            raise NotSignedIn(f"{reason} {BEGIN_AGAIN}") from None
        except (JoseError, ValueError) as error:
            log.warning("an ID token is not right", error=type(error).__name__, detail=str(error)[:200])
            raise NotSignedIn(f"{NOT_TRUSTED} {BEGIN_AGAIN}") from None
        except (httpx.HTTPError, RuntimeError) as error:
            raise _away(error) from None
        claims = token.get("userinfo")
        if claims is None:
            log.warning("an ID token is not right", error="there was none", detail="")
            raise NotSignedIn(f"{NOT_TRUSTED} {BEGIN_AGAIN}")
        return self._named(claims)

    async def where_to_sign_out(self) -> str | None:
        """Where somebody signs out of the account; None if the provider tells of no such page. Raises NotSignedIn."""
        try:
            metadata = await self._app.load_server_metadata()
        except (httpx.HTTPError, RuntimeError, ValueError) as error:
            raise _away(error) from None
        address = metadata.get("end_session_endpoint")
        if not isinstance(address, str) or not re.match(SAFE_ADDRESS, address):
            return None
        return f"{address}{'&' if '?' in address else '?'}{urlencode({'client_id': self._settings.client_id})}"

    async def _metadata(self) -> None:
        """What the provider says of itself, read once; of its ways to sign those that we trust."""
        metadata = await self._app.load_server_metadata()
        offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        metadata["id_token_signing_alg_values_supported"] = [each for each in offered if each in SIGNED_BY] or ["RS256"]

    def _named(self, claims: dict[str, Any]) -> str:
        claim = claims.get(self._settings.groups_claim)
        theirs = {claim} if isinstance(claim, str) else {each for each in claim or () if isinstance(each, str)}
        # Of several the first that the settings name.
        group = next((name for name in self._groups if name in theirs), None)
        name = str(claims.get(self._settings.name_claim) or claims["sub"])[:LONGEST_NAME]
        if group is None:
            log.warning("nobody was signed in", error="no group that may read", detail="")
            raise NotSignedIn(NO_GROUP)
        log.info("somebody signed in", by=self.way, group=group)
        return json.dumps([group, name])


def _away(error: Exception) -> NotSignedIn:
    log.error("the provider of OpenID Connect cannot be reached", error=type(error).__name__, detail=str(error)[:200])
    return NotSignedIn(AWAY, 503)
