"""Compressed bodies: decompressed a little at a time, so that the output can be counted as it comes.

Invariant: no call produces more than `MOST_AT_ONCE` bytes, however small the input was.
"""

import zlib
from collections.abc import Iterator, Sequence

from services.chassis.problems import Problem

MOST_AT_ONCE = 65_536
KNOWN = ("gzip", "x-gzip", "deflate")
GZIP_OR_ZLIB, GZIP = 32 + zlib.MAX_WBITS, 16 + zlib.MAX_WBITS
BARE = -zlib.MAX_WBITS
"""Deflate without the zlib header, as some senders write it."""


class Plain:
    """A body that came as it is."""

    def parts(self, chunk: bytes) -> Iterator[bytes]:
        """What a chunk of the body holds."""
        yield chunk

    def end(self) -> None:
        """Call this after the last chunk."""


class Inflating(Plain):
    """A body in gzip or deflate. `parts` and `end` raise a 400 problem if it is neither."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._begun = False
        self._inflating = zlib.decompressobj(GZIP_OR_ZLIB)

    def parts(self, chunk: bytes) -> Iterator[bytes]:
        """What a chunk decompresses to, in parts of at most `MOST_AT_ONCE` bytes."""
        if not chunk:
            return
        if not self._begun:
            self._begun = True
            if self._encoding == "deflate" and chunk[0] & 0x0F != zlib.DEFLATED:
                self._inflating = zlib.decompressobj(BARE)
        part = b""
        while chunk or len(part) == MOST_AT_ONCE:
            if chunk and self._inflating.eof:
                self._begin_next_member()
            try:
                part = self._inflating.decompress(chunk, MOST_AT_ONCE)
            except zlib.error:
                raise self._unreadable("it holds something else") from None
            yield part
            chunk = self._inflating.unconsumed_tail or self._inflating.unused_data

    def _begin_next_member(self) -> None:
        """A gzip body may consist of several members, one after another (RFC 1952). Their contents are joined."""
        if self._encoding == "deflate":
            raise self._unreadable("it goes on after its end")
        self._inflating = zlib.decompressobj(GZIP)

    def end(self) -> None:
        """Raises a 400 problem if the body ended too early."""
        if not self._inflating.eof:
            raise self._unreadable("it ends too early")

    def _unreadable(self, why: str) -> Problem:
        detail = f"The body is said to come as {self._encoding} (Content-Encoding), and {why}."
        return Problem(400, "request-unreadable", "The request cannot be read", detail)


def decoding_of(content_encoding: Sequence[str]) -> Plain:
    """How to read a body with these Content-Encoding headers. Raises a 415 problem if one is unknown."""
    encoding = ", ".join(content_encoding).strip().lower()
    if encoding in ("", "identity"):
        return Plain()
    if encoding not in KNOWN:
        detail = f"The body came encoded as {encoding[:80]}; send it as it is, or as gzip or deflate."
        accepted = {"Accept-Encoding": "gzip, deflate, identity"}
        raise Problem(415, "encoding-unknown", "This encoding is not known here", detail, headers=accepted)
    return Inflating(encoding)
