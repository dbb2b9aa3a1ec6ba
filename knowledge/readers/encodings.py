"""Turns the bytes of a text file into characters."""

from __future__ import annotations

import codecs

import charset_normalizer

from knowledge.errors import ReadError

_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def decode(data: bytes) -> str:
    """Return the characters of `data`: by its byte order mark, else UTF-8, else UTF-16, else the likeliest 8-bit code.

    Raises ReadError for bytes that are no text at all.
    """
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    zeros = data[:4000].count(0)
    if zeros > len(data[:4000]) // 5:
        return data.decode("utf-16-le" if data[1:4000:2].count(0) > zeros // 2 else "utf-16-be", errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        best = charset_normalizer.from_bytes(
            data[:200_000], cp_isolation=["cp1252", "latin_1", "cp1256", "cp1251"]
        ).best()
    if best is None:
        raise ReadError("its bytes are no text in any known encoding; save it as UTF-8 text and ingest it again")
    return data.decode(best.encoding, errors="replace")
