"""A workbook as the zip archive it is: whether it is whole, not encrypted, and no larger than it may be.

Invariant: nothing of an archive is handed on before every part was unpacked once, a piece at a time, within the limits.
The sizes that its directory states are not believed.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator

from services.people.files.refusal import FileRefused

LARGEST_UNPACKED = 192 << 20
"""Bytes of all parts of a workbook: a sheet of 3,000,000 cells."""
LARGEST_SHARED = 64 << 20
"""Bytes of all parts that are no sheets: what is in them is held in memory."""
MOST_PARTS = 2_000
_PIECE = 1 << 18
_LOCAL_HEADER = 30
_ENCRYPTED = 0x1
UNREADABLE = (zipfile.BadZipFile, NotImplementedError, OSError, ValueError)
"""What zipfile raises of a damaged archive: a broken directory, an unknown version, an offset before the beginning, a
name or number that cannot be read. Only the directory is read where it is caught."""
_SAVE_AS = "a whole XLSX workbook, or a CSV file"


def parts_of(content: bytes) -> dict[str, zipfile.ZipInfo]:
    """The parts of a workbook by name. Raises FileRefused where it is broken, encrypted or too large."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except UNREADABLE:
        raise FileRefused("is a workbook that was cut off or damaged", _SAVE_AS) from None
    if len(parts) > MOST_PARTS:
        raise FileRefused(f"is an archive of {len(parts):,} parts", f"a workbook of at most {MOST_PARTS:,}")
    if len({part.filename.casefold() for part in parts}) < len(parts):
        raise FileRefused("is an archive with two parts of one name", _SAVE_AS)
    if any(part.flag_bits & _ENCRYPTED for part in parts):
        raise FileRefused("is encrypted", "a workbook without a password")
    if any(part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for part in parts):
        raise FileRefused("is packed in a way that no spreadsheet uses", _SAVE_AS)
    _refuse_too_large(sum(part.file_size for part in parts), 0)
    total = shared = 0
    for part in parts:
        is_sheet = "worksheets/" in part.filename
        for piece in unpacked(content, part):
            total += len(piece)
            shared += 0 if is_sheet else len(piece)
            _refuse_too_large(total, shared)
    return {part.filename: part for part in parts}


def unpacked(content: bytes, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """The content of one part, a piece at a time, whatever size is stated for it. Raises FileRefused."""
    header = content[part.header_offset : part.header_offset + _LOCAL_HEADER]
    begin = part.header_offset + _LOCAL_HEADER
    begin += int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    end = begin + part.compress_size
    if header[:4] != b"PK\x03\x04" or end > len(content):
        raise FileRefused("is a workbook that was cut off or damaged", _SAVE_AS)
    if part.compress_type == zipfile.ZIP_STORED:
        yield from (content[offset : min(offset + _PIECE, end)] for offset in range(begin, end, _PIECE))
        return
    inflating = zlib.decompressobj(-15)
    view = memoryview(content)
    try:
        while begin < end and not inflating.eof:
            packed: bytes | memoryview = view[begin : min(begin + _PIECE, end)]
            begin += _PIECE
            while packed and not inflating.eof:
                yield inflating.decompress(packed, _PIECE)
                packed = inflating.unconsumed_tail
        while not inflating.eof and (rest := inflating.decompress(b"", _PIECE)):
            yield rest
    except zlib.error:
        raise FileRefused("is a workbook that was cut off or damaged", _SAVE_AS) from None
    if not inflating.eof:
        raise FileRefused("is a workbook that was cut off or damaged", _SAVE_AS)


def _refuse_too_large(unpacked_bytes: int, shared: int) -> None:
    for size, limit in ((unpacked_bytes, LARGEST_UNPACKED), (shared, LARGEST_SHARED)):
        if size > limit:
            raise FileRefused(
                f"unpacks to more than {limit >> 20} MB", "a workbook with the table alone, or a CSV file"
            )
