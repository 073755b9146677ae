"""The rows of a file between its acceptance and its taking in: cut down to the named columns, and encrypted.

Invariant: it holds nothing that the mapping does not name, and nothing of it can be read without the file's key.
"""

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from services.people.mapping.rows import NamedRow
from services.people.register.keys import Sealed

ROWS_OF_A_PART = 1000
QUICK = 1
"""The level of zlib: cells repeat so much that the quickest level is enough."""


def packed(rows: Iterable[NamedRow], sealed: Sealed) -> Iterator[tuple[int, bytes]]:
    """The parts of a file, each with how many rows it holds."""
    left = iter(rows)
    number = 0
    while some := list(islice(left, ROWS_OF_A_PART)):
        text = json.dumps(some, ensure_ascii=False, separators=(",", ":"))
        # A cell may hold half of a pair of surrogates.
        plain = zlib.compress(text.encode("utf-8", "surrogatepass"), QUICK)
        yield len(some), sealed.seal(plain, _purpose(number))
        number += 1


def unpacked(parts: Sequence[bytes], sealed: Sealed) -> Iterator[NamedRow]:
    """The rows again, in order. Equal cells are one string: most of a file is the same few words."""
    known: dict[str, str] = {}
    for number, part in enumerate(parts):
        for row, key, cells, width in json.loads(zlib.decompress(sealed.read(part, _purpose(number)))):
            yield NamedRow(row, key, tuple(known.setdefault(cell, cell) for cell in cells), width)


def _purpose(number: int) -> str:
    return f"part {number}"
