"""Finds the files to read, and reads one: by its suffix, once its content has been seen to agree."""

from __future__ import annotations

import os
import re
import stat
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from knowledge.documents import Reading
from knowledge.errors import ReadError
from knowledge.readers.manifest import MANIFEST_NAME

MAX_BYTES = 200_000_000
"""Largest file read unless the caller says otherwise."""


def _read_markdown(path: Path) -> Reading:
    from knowledge.readers.markdown import read_markdown

    return read_markdown(path)


def _read_text(path: Path) -> Reading:
    from knowledge.readers.text import read_text

    return read_text(path)


def _read_html(path: Path) -> Reading:
    from knowledge.readers.html import read_html

    return read_html(path)


def _read_docx(path: Path) -> Reading:
    from knowledge.readers.docx import read_docx

    return read_docx(path)


def _read_pdf(path: Path) -> Reading:
    from knowledge.readers.pdf import read_pdf

    return read_pdf(path)


READERS: dict[str, Callable[[Path], Reading]] = {
    ".docx": _read_docx,
    ".htm": _read_html,
    ".html": _read_html,
    ".markdown": _read_markdown,
    ".md": _read_markdown,
    ".pdf": _read_pdf,
    ".txt": _read_text,
}
"""From suffix to reader; each imports its library when first called."""

_CONTENT = {".docx": "docx", ".htm": "html", ".html": "html", ".pdf": "pdf"}
_ADVICE = {
    "pdf": ("a PDF", "rename it to .pdf"),
    "docx": ("a Word file", "rename it to .docx"),
    "zip": ("a zip archive", "unpack it and ingest the files inside"),
    "office": ("an Office file of another kind", "export it as PDF"),
    "ole": ("an old or password-protected Office file", "save a copy as .docx without a password"),
    "html": ("a web page", "rename it to .html, or download the document again if the page only says why it failed"),
    "rtf": ("a rich text file", "save it as .docx"),
    "image": ("an image", "make its text searchable and save it as PDF"),
    "archive": ("a compressed archive", "unpack it and ingest the files inside"),
    "text": ("plain text", "rename it to .txt"),
}
_SIGNATURES = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"{\\rtf", "rtf"),
    (b"\x89PNG", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"II*\x00", "image"),
    (b"MM\x00*", "image"),
    (b"\x1f\x8b", "archive"),
    (b"7z\xbc\xaf", "archive"),
    (b"Rar!", "archive"),
)


def read_document(path: Path, *, max_bytes: int = MAX_BYTES) -> Reading:
    """Read one file of any supported format, in this process; `ReaderProcess` does the same at arm's length.

    Raises ReadError (no document, and why) or MetadataError (front matter that cannot be understood).
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise ReadError(_unsupported(path))
    _check_file(path, max_bytes)
    _check_content(path)
    try:
        reading = reader(path)
    except OSError as error:
        raise ReadError(f"it cannot be read: {error.strerror or error}") from error
    _check_words(reading)
    return reading


def _unsupported(path: Path) -> str:
    suffix = path.suffix or "no suffix"
    return f"{suffix} is not a supported format; convert it to one of {', '.join(READERS)}"


def _check_file(path: Path, max_bytes: int) -> None:
    try:
        found = path.stat()
    except (OSError, ValueError) as error:
        raise ReadError(f"it cannot be opened: {getattr(error, 'strerror', None) or error}") from error
    if not stat.S_ISREG(found.st_mode):
        raise ReadError("it is no regular file")
    if found.st_size == 0:
        raise ReadError("it is empty; check that the download or copy was complete")
    if found.st_size > max_bytes:
        limit = f"limit {max_bytes / 1e6:.0f} MB" if max_bytes >= 1_000_000 else f"limit {max_bytes} bytes"
        raise ReadError(f"it has {found.st_size / 1e6:.1f} MB ({limit}); split it or raise the limit")


def _check_content(path: Path) -> None:
    """Refuse a file whose content is of another kind than its name says."""
    try:
        with path.open("rb") as stream:
            head = stream.read(2048)
    except OSError as error:
        raise ReadError(f"it cannot be opened: {error.strerror or error}") from error
    found = sniff(path, head)
    expected = _CONTENT.get(path.suffix.lower(), "text")
    if found == expected or (expected == "html" and found == "text"):
        return
    what, advice = _ADVICE[found]
    raise ReadError(f"it is named {path.suffix} but is {what}; {advice}")


_PAGE_START = re.compile(
    rb"\s*(?:<!--.*?-->\s*)*(?:<\?xml[^>]*>\s*)?(?:<!doctype\s+html|<html[\s>])", re.IGNORECASE | re.DOTALL
)


def sniff(path: Path, head: bytes) -> str:
    """Tell what a file is by its first bytes `head`: a key of the table of advice, "text" where nothing else fits."""
    if head.startswith(b"PK\x03\x04"):
        return _kind_of_zip(path)
    if b"%PDF-" in head[:1024]:
        return "pdf"
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    plain = head.replace(b"\x00", b"").removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    return "html" if _PAGE_START.match(plain) else "text"


def _kind_of_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, NotImplementedError):
        return "docx" if path.suffix.lower() == ".docx" else "zip"  # the Word reader says what is broken
    if "word/document.xml" in names:
        return "docx"
    return "office" if "[Content_Types].xml" in names else "zip"


_WORD = re.compile(r"[^\W\d_]{2,}")
_ERROR_PAGE = re.compile(
    r"(?i)^(?:(?:error\s*)?(?:40[0134]|410|50[0234])\b.{0,40}|.{0,30}\b(?:page|file|document)?\s*not found\b.{0,20}"
    r"|access denied|forbidden|service unavailable|bad gateway|page introuvable|just a moment\W*)$"
)


def _check_words(reading: Reading) -> None:
    texts = [text for block in reading.blocks for text in (block.text, *(cell for row in block.rows for cell in row))]
    if not any(_WORD.search(text) for text in texts):
        raise ReadError("it holds 0 searchable words; if it is a scan, run text recognition on it first")
    if len(texts) < 40 and sum(len(text.split()) for text in texts) < 300:
        openings = [*(text for text in (reading.metadata.title,) if text), *texts[:3]]
        if shown := next((text for text in openings if _ERROR_PAGE.match(text.strip())), None):
            raise ReadError(
                f'it is an error page saved as a file ("{shown.strip()[:60]}"); download the document again'
            )


class Found(NamedTuple):
    """What `find_files` came upon: files to read, in order, and paths that will not be read, each with its reason."""

    files: list[Path]
    problems: list[tuple[Path, str]]


def find_files(paths: Iterable[Path]) -> Found:
    """Find the files to read under `paths` (files or folders), sorted within each, each file once.

    In folders, hidden files and manifests are passed over; links that lead out of the folder, files of unsupported
    formats and what cannot be opened are problems. A file named outright may be a link.
    """
    files: dict[Path, Path] = {}
    problems: list[tuple[Path, str]] = []
    for path in paths:
        try:
            if path.is_dir():
                candidates: Iterable[tuple[Path, str | None]] = _walk(path)
            else:
                candidates = [(path, None if path.exists() else "there is no such file or folder")]
            for file, reason in candidates:
                reason = reason or (None if file.suffix.lower() in READERS else _unsupported(file))
                if reason:
                    problems.append((file, reason))
                else:
                    files.setdefault(file.resolve(), file)
        except (OSError, ValueError) as error:
            problems.append((path, f"it cannot be opened: {getattr(error, 'strerror', None) or error}"))
    return Found(list(files.values()), problems)


def _walk(folder: Path) -> Iterator[tuple[Path, str | None]]:
    """Files below a folder in sorted order, each with the reason it must not be read, if any."""
    root = folder.resolve()
    failures: list[tuple[Path, str | None]] = []

    def failed(error: OSError) -> None:
        failures.append((Path(str(error.filename)), f"it cannot be opened: {error.strerror}"))

    for parent, folders, names in os.walk(folder, onerror=failed):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in list(folders):
            if (link := Path(parent, name)).is_symlink():
                folders.remove(name)
                yield link, "it is a link to a folder, which is not followed; name that folder itself"
        for name in sorted(names):
            path = Path(parent, name)
            if name.startswith(".") or name == MANIFEST_NAME:
                continue
            if path.is_symlink() and not path.resolve().is_relative_to(root):
                yield path, "it is a link that leads out of the folder; copy the file in"
            elif not path.is_file():
                yield path, "it is no regular file"
            else:
                yield path, None
    yield from failures
