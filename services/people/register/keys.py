"""The keys of people: what persons and files are encrypted with, and what pseudonyms are made with.

Invariant: to read an encrypted text one needs its own key, which is stored wrapped beside it, and a master key of
the settings. If the wrapped key was destroyed, nobody can read the text. Each text is bound to its place: moved to
another person or file it cannot be read.
"""

import base64
import hashlib
import hmac
import json
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from threading import Lock

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
"""As AES-GCM has it; drawn at random for each text. A key encrypts a few thousand texts at most."""
PSEUDONYM_BYTES = 15
"""120 bits: 24 letters and digits of base32."""
DRAWN_AT_ONCE = 8192


class CannotBeRead(Exception):
    """Raised for a text that was encrypted under a key that the settings do not hold, or that has been changed
    since.
    """


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


class _Randomness:
    """Random bytes of the system, many drawn at once. To draw is to let other threads go first: who drew for each key
    and text would wait a whole turn of theirs each time.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._drawn = BytesIO()

    def draw(self, length: int) -> bytes:
        """Bytes that nobody was given before."""
        with self._lock:
            drawn = self._drawn.read(length)
            if len(drawn) < length:
                self._drawn = BytesIO(secrets.token_bytes(DRAWN_AT_ONCE))
                drawn = self._drawn.read(length)
            return drawn


_RANDOM = _Randomness()


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

    def seal(self, plain: bytes, purpose: str) -> bytes:
        """Encrypted, bound to this place."""
        nonce = _RANDOM.draw(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, self._bound(purpose))

    def read(self, sealed: bytes, purpose: str) -> bytes:
        """As it was. Raises CannotBeRead."""
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], self._bound(purpose))
        except InvalidTag:
            raise CannotBeRead("it was not encrypted with this key, or not for this place") from None

    def _bound(self, purpose: str) -> bytes:
        return self._of + b"\0" + purpose.encode()


class Keyring:
    """The master keys by id, the newest first, and what the pseudonym key gives."""

    def __init__(self, masters: Mapping[str, bytes], pseudonym_key: bytes) -> None:
        self._masters = {id: Sealed(key, f"master {id}") for id, key in masters.items()}
        self.newest = next(iter(masters))
        self._pseudonyms = hmac.new(_derived(pseudonym_key, "pseudonyms"), digestmod=hashlib.sha256)
        self._references = hmac.new(_derived(pseudonym_key, "references"), digestmod=hashlib.sha256)
        self._digests = _derived(pseudonym_key, "digests")
        self.fingerprint = _derived(pseudonym_key, "fingerprint").hex()
        """Tells one pseudonym key from another, and nothing of it."""

    def new(self, of: str) -> tuple[WrappedKey, Sealed]:
        """A fresh key for a person or a file."""
        key = _RANDOM.draw(KEY_BYTES)
        return self._wrap(key, of), Sealed(key, of)

    def open(self, key: WrappedKey, of: str) -> Sealed:
        """A key that was stored. Raises CannotBeRead."""
        return Sealed(self._unwrap(key, of), of)

    def rewrapped(self, key: WrappedKey, of: str) -> WrappedKey:
        """The same key under the newest master key. Raises CannotBeRead."""
        return self._wrap(self._unwrap(key, of), of)

    def pseudonym(self, authority: str, scheme: str, reference: str) -> str:
        """The id of a worker, the same in all feeds. Without the key nobody can work it out from the number."""
        text = json.dumps([authority, scheme, reference]).encode()
        return f"P-{base64.b32encode(_digest(self._pseudonyms, text)[:PSEUDONYM_BYTES]).decode()}"

    def reference_digest(self, authority: str, reference: str) -> bytes:
        """The digest by which a person is found: of the staff number, however it is padded or spaced."""
        plain = reference.strip().upper().lstrip("0")
        return _digest(self._references, json.dumps([authority, plain]).encode())

    def digest(self, *parts: bytes) -> bytes:
        """A keyed digest, of what may hold personal values."""
        hashed = hashlib.blake2b(key=self._digests, digest_size=16)
        for part in parts:
            hashed.update(len(part).to_bytes(8, "big") + part)
        return hashed.digest()

    def _wrap(self, key: bytes, of: str) -> WrappedKey:
        return WrappedKey(self.newest, self._masters[self.newest].seal(key, of))

    def _unwrap(self, key: WrappedKey, of: str) -> bytes:
        master = self._masters.get(key.master)
        if master is None:
            raise CannotBeRead(f"no master key {key.master} is in WORKFORCE_MASTER_KEYS")
        return master.read(key.wrapped, of)


def _digest(keyed: hmac.HMAC, text: bytes) -> bytes:
    digest = keyed.copy()
    digest.update(text)
    return digest.digest()


def _derived(key: bytes, purpose: str) -> bytes:
    return hmac.digest(key, f"workforce people {purpose}".encode(), hashlib.sha256)


if __name__ == "__main__":
    sys.stdout.write(f"WORKFORCE_MASTER_KEYS='{new_master_keys()}'\nWORKFORCE_PSEUDONYM_KEY={new_pseudonym_key()}\n")
