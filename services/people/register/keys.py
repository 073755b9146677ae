"""The keys of people: what persons and files are encrypted with, and what pseudonyms are made with.

Invariant: what is encrypted can be read by whoever holds both its own key, which stands wrapped beside it, and a master
key of the settings; where the wrapped key was destroyed, by nobody. Each text is bound to its place: moved to another
person or file it cannot be read.
"""

import base64
import hashlib
import hmac
import json
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
"""As AES-GCM has it; drawn at random for each text. A key encrypts a few thousand texts at most."""
PSEUDONYM_BYTES = 15
"""120 bits: 24 letters and digits of base32."""


class CannotBeRead(Exception):
    """Raised for what was encrypted under a key that the settings do not hold, or was changed since."""


def as_key(text: str) -> bytes:
    """The 32 bytes that a setting holds in base64. Raises ValueError for anything else."""
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"must be {KEY_BYTES} bytes in base64; make one with: python -m services.people.register.keys")
    return key


def new_key_text() -> str:
    """A fresh key as a setting holds it."""
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


new_pseudonym_key = new_key_text


def new_master_keys() -> str:
    """The setting of one fresh master key."""
    return json.dumps([{"id": secrets.token_hex(4), "key": new_key_text()}])


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A key as it is stored: encrypted under the master key of this id."""

    master: str
    wrapped: bytes


class Sealed:
    """What one key, of a person or a file, encrypts. `of` names whose it is."""

    __slots__ = ("_cipher", "_of")

    def __init__(self, key: bytes, of: str) -> None:
        self._cipher = AESGCM(key)
        self._of = of.encode()

    def seal(self, plain: bytes, place: str) -> bytes:
        """Encrypted, bound to this place."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, self._bound(place))

    def read(self, sealed: bytes, place: str) -> bytes:
        """As it was. Raises CannotBeRead."""
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], self._bound(place))
        except InvalidTag:
            raise CannotBeRead("it was not encrypted with this key, or not for this place") from None

    def _bound(self, place: str) -> bytes:
        return self._of + b"\0" + place.encode()


class Keyring:
    """The master keys by id, the newest first, and what the pseudonym key gives."""

    def __init__(self, masters: Mapping[str, bytes], pseudonym_key: bytes) -> None:
        self._masters = {id: Sealed(key, f"master {id}") for id, key in masters.items()}
        self.newest = next(iter(masters))
        self._pseudonyms = _derived(pseudonym_key, "pseudonyms")
        self._references = _derived(pseudonym_key, "references")
        self._digests = _derived(pseudonym_key, "digests")
        self.fingerprint = _derived(pseudonym_key, "fingerprint").hex()
        """Tells one pseudonym key from another, and nothing of it."""

    def new(self, of: str) -> tuple[WrappedKey, Sealed]:
        """A fresh key for a person or a file."""
        key = secrets.token_bytes(KEY_BYTES)
        return self._wrap(key, of), Sealed(key, of)

    def open(self, key: WrappedKey, of: str) -> Sealed:
        """A key that was stored. Raises CannotBeRead."""
        return Sealed(self._unwrap(key, of), of)

    def rewrapped(self, key: WrappedKey, of: str) -> WrappedKey:
        """The same key under the newest master key. Raises CannotBeRead."""
        return self._wrap(self._unwrap(key, of), of)

    def pseudonym(self, authority: str, scheme: str, reference: str) -> str:
        """The id of a worker, stable over feeds: nobody works it out from the number without the key."""
        text = json.dumps([authority, scheme, reference]).encode()
        digest = hmac.digest(self._pseudonyms, text, hashlib.sha256)[:PSEUDONYM_BYTES]
        return f"P-{base64.b32encode(digest).decode()}"

    def reference_digest(self, authority: str, reference: str) -> bytes:
        """What a person is found by: the staff number, however it is padded or spaced."""
        plain = reference.strip().upper().lstrip("0")
        return hmac.digest(self._references, json.dumps([authority, plain]).encode(), hashlib.sha256)

    def digest(self, *parts: bytes) -> bytes:
        """A keyed digest, of what may hold personal values."""
        found = hashlib.blake2b(key=self._digests, digest_size=16)
        for part in parts:
            found.update(len(part).to_bytes(8, "big") + part)
        return found.digest()

    def _wrap(self, key: bytes, of: str) -> WrappedKey:
        return WrappedKey(self.newest, self._masters[self.newest].seal(key, of))

    def _unwrap(self, key: WrappedKey, of: str) -> bytes:
        master = self._masters.get(key.master)
        if master is None:
            raise CannotBeRead(f"no master key {key.master} is in WORKFORCE_MASTER_KEYS")
        return master.read(key.wrapped, of)


def _derived(key: bytes, purpose: str) -> bytes:
    return hmac.digest(key, f"workforce people {purpose}".encode(), hashlib.sha256)


if __name__ == "__main__":
    sys.stdout.write(f"WORKFORCE_MASTER_KEYS='{new_master_keys()}'\nWORKFORCE_PSEUDONYM_KEY={new_pseudonym_key()}\n")
