"""API keys: who may call, for which authority, with which right.

Invariant: a key itself is kept nowhere; only its SHA-256 stands in the settings. Keys are 256 random bits, so a plain
hash cannot be guessed back.
"""

import hashlib
import hmac
import secrets
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

EVERY_AUTHORITY = "*"
KEY_BYTES = 32


class Right(StrEnum):
    """What a caller may do: send events, read figures, or operate the service."""

    FEED = "feed"
    READ = "read"
    OPERATE = "operate"


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
"""Whoever calls a service that has no keys and so listens on this machine alone."""


def hash_key(key: str) -> str:
    """The SHA-256 of a key, as the settings hold it."""
    return hashlib.sha256(key.encode()).hexdigest()


def new_key(name: str, authority: str, rights: tuple[Right, ...]) -> tuple[str, ApiKey]:
    """A new random key, and what the settings hold of it."""
    key = secrets.token_urlsafe(KEY_BYTES)
    return key, ApiKey(name=name, authority=authority, rights=rights, sha256=hash_key(key))


def find_caller(keys: tuple[ApiKey, ...], presented: str | None) -> Caller | None:
    """Whose key was presented; None where it is missing or unknown. Without keys everyone is the loopback caller."""
    if not keys:
        return LOOPBACK_CALLER
    if presented is None:
        return None
    digest = hash_key(presented)
    for key in keys:
        if hmac.compare_digest(key.sha256, digest):
            return Caller(name=key.name, authority=key.authority, rights=key.rights)
    return None
