"""Reads PDF files: text in reading order, structure, footnotes and tables, without the furniture of the page."""

from __future__ import annotations

import pathlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from knowledge.cleaning import vocabulary
from knowledge.documents import Classification, Kind, Metadata, Reading
from knowledge.errors import ReadError
from knowledge.readers import ocr
from knowledge.readers.pdf_blocks import BlockBuilder
from knowledge.readers.pdf_chunks import Chunk, Measures, chunks, measure, split_notes
from knowledge.readers.pdf_furniture import without_furniture
from knowledge.readers.pdf_lines import page_lines
from knowledge.readers.pdf_page import Line, Page, PageReader
from knowledge.readers.pdf_ruled_tables import ruled_tables
from knowledge.readers.pdf_tables import Table, tagged_table
from knowledge.readers.un_front_page import find_marking, read_front_page

_MIN_LETTERS_ON_PAGE = 25
_ENGLISH = frozenset("the of and to in for on that with by was is".split())
_FRENCH = frozenset("le la les des et du en dans une est que pour".split())
_SPANISH = frozenset("el la los las de y en que del por con una".split())
_NOT_FOUND = re.compile(
    r"\b(?:document|file|record|page|resource|item|symbol)s?\b[^.]{0,80}\b(?:does not exist|do(?:es)? not exist|"
    r"(?:was|were|could|can|is|be) ?not (?:be )?(?:found|located|available|retrieved)|cannot be (?:found|displayed)|"
    r"no longer (?:exists?|available)|not found|unavailable)\b|\b404\b[^.]{0,40}\bnot found\b",
    re.IGNORECASE,
)

OCR_ADVICE = 'install the "ocr" extra to have pictures of text read (pip install "focal-point[ocr]")'
NO_TEXT_LAYER = f"no text layer: the pages are pictures (a scan); {OCR_ADVICE}"
NO_WORDS_SEEN = "no text layer, and text recognition finds no words in the pictures: check that it is the right file"
_MISREAD = re.compile(
    r"[A-Za-z][€!|\\^~{}<>;][a-z]|[a-z]{2}[.,'][a-z]{2}|[A-Za-z]''|[a-z]{2}[A-Z][a-z]+$|^[a-z]+[A-Z]+[a-z]*$"
    r"|^[a-z]{2,}[0-9]+[a-z]*$|^[a-zA-Z]+[0-9][a-z]+$|^[^\W\d_]*[bcdfghjklmnpqrstvwxz]{6,}[^\W\d_]*$"
    r"|^[A-Z]?[a-z]*(?:nrn|rnm|vv|tbe|ii[a-z]|[a-z]ii)[a-z]*$"
)
_MISREAD_SHARE, _MISREAD_SHARE_OF_SCAN = 0.025, 0.004
"""Shares of misread-looking words that earn a warning: in born-digital reports they stay below 0.003."""


def read_pdf(path: pathlib.Path) -> Reading:
    """Read a PDF file.

    Raises ReadError for a file that is encrypted, damaged, without a text layer, too long, or that is only a notice
    that the wanted document does not exist.
    """
    reader = PageReader(path)
    try:
        sheets = [_sheet(_with_words(reader, reader.read(index))) for index in range(len(reader))]
    finally:
        reader.close()
    return _reading(sheets, reader.title)


@dataclass(frozen=True)
class _Sheet:
    """One page in lines, with the tables that its ruling lines show."""

    page: Page
    lines: list[Line]
    tables: list[Table]


def _with_words(reader: PageReader, page: Page) -> Page:
    """The page with what text recognition reads on it, where it is a picture without text and the extra is there."""
    if page.scanned:  # the picture is the page, not a chart whose labels are no text
        page = replace(page, drawings=())
    if not page.pictures or sum(len(run.text) for run in page.runs) >= _MIN_LETTERS_ON_PAGE or not ocr.installed():
        return page
    scale = ocr.scale_for(page.width, page.height)
    runs = ocr.recognize(reader.picture(page.number - 1, scale), scale)
    return replace(page, runs=runs or page.runs, drawings=(), rules=(), recognized=True, tagged=False)


def _sheet(page: Page) -> _Sheet:
    tables: list[Table] = []
    if not page.tagged and page.rules:
        words = vocabulary(" ".join(run.text for run in page.runs))
        tables, page = ruled_tables(page, words)
    lines = page_lines(page)
    if page.scanned and lines:
        # Text recognition gives neighbouring words of one type any size.
        usual = median(line.size for line in lines)
        lines = [replace(line, size=usual) if 0.6 * usual < line.size < 1.4 * usual else line for line in lines]
    return _Sheet(replace(page, runs=()), lines, tables)


def _reading(sheets: Sequence[_Sheet], pdf_title: str | None) -> Reading:
    warnings = _check_text(sheets)
    pages = [sheet.page for sheet in sheets]
    usual = measure([sheet.lines for sheet in sheets])
    words = vocabulary("\n".join(line.text for sheet in sheets for line in sheet.lines))
    front = read_front_page(sheets[0].lines, pages[0], usual.body_size, pdf_title)
    bodies = [[line for n, line in enumerate(sheets[0].lines) if n not in front.spent]]
    bodies.extend([] if _is_title_page(sheet, front.metadata.title) else sheet.lines for sheet in sheets[1:])
    builder = BlockBuilder(words, usual.body_size, resolution=_is_resolution(front.metadata))
    for sheet, lines in zip(sheets, without_furniture(pages, bodies), strict=True):
        body, notes = split_notes(lines, sheet.page, usual)
        builder.add_page(_items(body, sheet, usual, words), chunks(notes, usual))
    blocks = builder.blocks()
    if not blocks:
        raise ReadError("the PDF holds no text besides its page furniture: check that it is the right file")
    text = " ".join(block.text for block in blocks)
    metadata = replace(front.metadata, language=_language(text), classification=_marking(sheets, front.metadata))
    return Reading(metadata, blocks, len(pages), (*warnings, *_doubts(text, sheets)))


def _is_title_page(sheet: _Sheet, title: str | None) -> bool:
    """True for an inner title page that repeats the cover."""
    if title is None or sheet.page.number > 6 or any(len(line.text) > 75 for line in sheet.lines):
        return False
    return title.lower() in " ".join(" ".join(line.text.split()) for line in sheet.lines).lower()


def _is_resolution(metadata: Metadata) -> bool:
    draft = re.search(r"\bdraft resolution\b", metadata.title or "", re.IGNORECASE)
    return metadata.kind is Kind.RESOLUTION or (draft is not None and "amendment" not in (metadata.title or ""))


def _items(lines: Sequence[Line], sheet: _Sheet, usual: Measures, words: Mapping[str, int]) -> list[Chunk | Table]:
    """Chunks and tables of a page in reading order."""
    items: list[Chunk | Table] = []
    pending: list[Line] = []
    tables = {
        number: tagged_table(_cells(lines, number), shape, sheet.page.rules, words)
        for number, shape in enumerate(sheet.page.tables)
    }
    done: set[int] = set()
    untagged = sorted(sheet.tables, key=lambda table: table.y)
    for line in lines:
        number = line.tag.cell[0] if line.tag and line.tag.cell else None
        table = tables.get(number) if number is not None else None
        while untagged and untagged[0].y < line.y:
            items += chunks(pending, usual, sheet.page.drawings)
            pending = []
            items.append(untagged.pop(0))
        if table is None:
            pending.append(line)
        elif number is not None and number not in done:
            done.add(number)
            items += chunks(pending, usual, sheet.page.drawings)
            pending = []
            items.append(table)
    return [*items, *chunks(pending, usual, sheet.page.drawings), *untagged]


def _cells(lines: Sequence[Line], table: int) -> list[Line]:
    return [line for line in lines if line.tag and line.tag.cell and line.tag.cell[0] == table]


def _check_text(sheets: Sequence[_Sheet]) -> list[str]:
    """Warnings about pages without text; raises ReadError where there is nothing to read at all."""
    letters = [sum(len(line.text) for line in sheet.lines) for sheet in sheets]
    if sum(letters) < _MIN_LETTERS_ON_PAGE and any(sheet.page.pictures for sheet in sheets):
        raise ReadError(NO_WORDS_SEEN if any(sheet.page.recognized for sheet in sheets) else NO_TEXT_LAYER)
    if sum(letters) == 0:
        raise ReadError("the PDF is empty: none of its pages holds any text; check that it is the right file")
    text = " ".join(line.text for sheet in sheets[:2] for line in sheet.lines)
    if len(sheets) <= 2 and len(text.split()) < 120 and _NOT_FOUND.search(text):
        raise ReadError("the PDF is only a notice that the document was not found: fetch the document again")
    return _warnings_of_pictures(sheets, letters)


def _warnings_of_pictures(sheets: Sequence[_Sheet], letters: Sequence[int]) -> list[str]:
    """What to know of the pages without text layer; `letters` counts those that were read on each."""
    wordless = [sheet for sheet, count in zip(sheets, letters, strict=True) if count < _MIN_LETTERS_ON_PAGE]
    # A few pages without a word or a picture are blank; many are a sign of a damaged file.
    many = len(wordless) * 3 > len(sheets) > 2
    bare = [sheet.page for sheet in wordless if many or sheet.page.pictures]
    machine_read = [sheet.page for sheet in sheets if sheet.page.recognized and sheet.page not in bare]
    advice = "" if ocr.installed() or not any(page.pictures for page in bare) else f"; {OCR_ADVICE}"
    told = (
        (machine_read, ": the words are machine-read from the picture; check quotations against it"),
        ([page for page in bare if page.recognized], ", and text recognition finds no words there"),
        ([page for page in bare if not page.recognized], f": what stands there was not read{advice}"),
    )
    return [f"{_named(pages, len(sheets))} no text layer{what}" for pages, what in told if pages]


def _named(pages: Sequence[Page], of: int) -> str:
    if len(pages) == of > 1:
        return f"all {of} pages have"
    numbers = ", ".join(str(page.number) for page in pages[:12])
    more = f" and {len(pages) - 12} more" if len(pages) > 12 else ""
    return f"page {numbers} has" if len(pages) == 1 else f"pages {numbers}{more} have"


def _marking(sheets: Sequence[_Sheet], front: Metadata) -> Classification | None:
    """The highest marking in the margins of any page, or on the first."""
    found = [front.classification] if front.classification else []
    for sheet in sheets[1:]:
        edge = 0.12 * sheet.page.height
        margin = [line for line in sheet.lines if line.y < edge or line.y > sheet.page.height - edge]
        if marking := find_marking(margin):
            found.append(marking)
    return max(found, key=lambda level: level.rank, default=None)


def _language(text: str) -> str | None:
    counts = Counter(re.findall(r"[^\W\d_]+", text.lower()))
    scores = {
        code: sum(counts[word] for word in words)
        for code, words in (("en", _ENGLISH), ("fr", _FRENCH), ("es", _SPANISH))
    }
    best = max(scores, key=lambda code: scores[code])
    return best if scores[best] * 20 > counts.total() else None


def _doubts(text: str, sheets: Sequence[_Sheet]) -> list[str]:
    """A warning where too many words look misread, as in old scans with machine-read text."""
    words = re.findall(r"[^\s()“”‘’\"]+", text)
    odd = sum(1 for word in words if _MISREAD.search(word) and "://" not in word and "www." not in word)
    scans = sum(1 for sheet in sheets if sheet.page.scanned)
    limit = _MISREAD_SHARE_OF_SCAN if scans * 2 > len(sheets) else _MISREAD_SHARE
    if len(words) < 100 or odd < limit * len(words):
        return []
    return ["the text layer is machine-read from a scan and has misread words: check quotations against the pages"]
