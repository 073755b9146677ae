"""In which encoding a text is written: by its mark, by what the mapping says, else UTF-8 or Windows-1252.

Invariant: a text that was let through here decodes to its last byte, and holds no control characters.

Windows-1252 is the only guess, because almost every sequence of bytes is a text in dozens of old encodings. For
a file in another encoding the mapping names it.
"""

import codecs
import re

from services.people.files.refusal import FileRefused

PIECE = 1 << 20
"""Bytes that are looked at at a time."""

LONGEST_CHARACTER = 4
"""Bytes of a character in UTF-8."""

ENCODINGS = ("utf-8", "utf-16", "windows-1252", "iso-8859-1", "iso-8859-15", "cp850", "mac-roman")
"""What a mapping may say."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = bytes(code for code in range(32) if code not in b"\t\n\r\f\v")
_CONTROL_TEXT = re.compile("[\0-\x08\x0e-\x1f]")
_SAVE_AS = "a CSV file or an XLSX workbook"


def encoding_of(content: bytes, stated: str | None) -> str:
    """The name of the encoding, as Python calls it. Raises FileRefused if the content is not text in it."""
    marked = next((encoding for mark, encoding in _MARKS if content.startswith(mark)), None)
    if stated is not None:
        return _stated(content, stated, marked)
    encoding = marked or _utf_16_without_mark(content)
    if encoding is not None:
        _check(content, encoding)
        return encoding
    _refuse_control_characters(content)
    error = _first_error(content, "utf-8")
    if error is None:
        return "utf-8"
    if not content[: max(0, error - LONGEST_CHARACTER)].isascii():
        # Read as Windows-1252 every name with an accent before it would be garbled.
        raise FileRefused(
            "is UTF-8 up to here, and not from here on: it is damaged, or put together of two files",
            f"one encoding throughout; or the encoding in the mapping: {', '.join(ENCODINGS)}",
            f"byte {error + 1:,}",
        )
    fault = _first_error(content, "cp1252")
    if fault is not None:
        raise FileRefused(
            "is neither UTF-8 nor Windows-1252",
            f"one of these, or the encoding in the mapping: {', '.join(ENCODINGS)}",
            f"byte {fault + 1:,}",
        )
    return "cp1252"


def _stated(content: bytes, stated: str, marked: str | None) -> str:
    if marked is not None and not marked.startswith(stated):
        raise FileRefused(
            f"begins with the mark of {marked.removesuffix('-sig').upper()}, and the mapping says {stated}",
            "the encoding that the mapping says, or the other one in the mapping",
        )
    encoding = marked or {"utf-16": "utf-16-le"}.get(stated, stated)
    _check(content, encoding)
    return encoding


def _utf_16_without_mark(content: bytes) -> str | None:
    """UTF-16 of mostly Latin letters has a NUL in every second byte, and nowhere else."""
    sample = content[:4096]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > len(sample) // 4 and even == 0:
        return "utf-16-le"
    if even > len(sample) // 4 and odd == 0:
        return "utf-16-be"
    return None


def _check(content: bytes, encoding: str) -> None:
    fault = _first_error(content, encoding)
    if fault is not None:
        raise FileRefused(f"is not {encoding.removesuffix('-sig').upper()} throughout", _SAVE_AS, f"byte {fault + 1:,}")
    if not encoding.startswith(("utf-16", "utf-32")):
        _refuse_control_characters(content)


def _refuse_control_characters(content: bytes) -> None:
    for begin in range(0, len(content), PIECE):
        piece = content[begin : begin + PIECE]
        if len(piece.translate(None, _CONTROL)) != len(piece):
            at = begin + next(offset for offset, byte in enumerate(piece) if byte in _CONTROL)
            what = "a NUL byte" if content[at] == 0 else f"a control character ({content[at]:#04x})"
            raise FileRefused(f"holds {what}, so it is not text", _SAVE_AS, f"byte {at + 1:,}")


def _first_error(content: bytes, encoding: str) -> int | None:
    """Where the content is not text in an encoding: at which byte, or in which piece of it; None where it is one."""
    decoder = codecs.getincrementaldecoder(encoding)()
    wide = encoding.startswith(("utf-16", "utf-32"))
    for begin in range(0, max(1, len(content)), PIECE):
        piece = content[begin : begin + PIECE]
        try:
            text = decoder.decode(piece, final=begin + PIECE >= len(content))
        except UnicodeError as error:
            return begin + max(0, getattr(error, "start", 0))
        if wide and _CONTROL_TEXT.search(text):
            return begin
    return None
