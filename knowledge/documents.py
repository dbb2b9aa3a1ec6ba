"""The types that flow through the pipeline: what a reader gives, what the register holds."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class Standing(StrEnum):
    """Whether a document still holds."""

    IN_FORCE = "in_force"
    SUPERSEDED = "superseded"
    HISTORICAL = "historical"
    DRAFT = "draft"
    UNKNOWN = "unknown"


class Binding(StrEnum):
    """How far a document obliges its reader."""

    MANDATORY = "mandatory"
    GUIDANCE = "guidance"
    INFORMATION = "information"


class Kind(StrEnum):
    """What sort of document it is."""

    RESOLUTION = "resolution"
    REPORT = "report"
    POLICY = "policy"
    GUIDELINE = "guideline"
    SOP = "sop"
    NOTE = "note"
    STUDY = "study"
    SUMMARY = "summary"
    LESSON = "lesson"


class Classification(StrEnum):
    """The three levels of ST/SGB/2007/6, lowest first."""

    UNCLASSIFIED = "unclassified"
    CONFIDENTIAL = "confidential"
    STRICTLY_CONFIDENTIAL = "strictly_confidential"

    @property
    def rank(self) -> int:
        """0 for unclassified, rising with the harm of disclosure."""
        return list(type(self)).index(self)


BlockKind = Literal["heading", "paragraph", "list_item", "table", "footnote", "preamble"]


@dataclass(frozen=True)
class Block:
    """One structural unit of a document, in reading order, as a reader gives it.

    Text is clean: no page furniture, no footnote marks, words whole, one space between words.
    """

    kind: BlockKind
    text: str
    """The words. For a table its caption (may be empty); for a footnote the note without its mark."""
    page: int | None = None
    """1-based page on which the block starts; None where the format has no pages."""
    page_end: int | None = None
    level: int = 0
    """Heading: 1 is topmost. List item: nesting depth from 1. Otherwise 0."""
    number: str | None = None
    """As printed, without the closing dot: "23" for a paragraph, "VI" or "3.1" for a heading, "(a)" or "•" for a
    list item, the mark for a footnote."""
    part: str | None = None
    """The annex, appendix or enclosure the block belongs to ("Annex II"), since numbering restarts there."""
    rows: tuple[tuple[str, ...], ...] = ()
    """Table cells; rows[0] holds the column heads (empty strings where the table has none)."""
    note_marks: tuple[str, ...] = ()
    """Marks of the footnotes that the text refers to, in order; each belongs to a later footnote block."""


@dataclass(frozen=True)
class Metadata:
    """What is known of a document. Every field may be None: the sources are merged, the manifest winning."""

    id: str | None = None
    symbol: str | None = None
    title: str | None = None
    short_title: str | None = None
    publisher: str | None = None
    organ: str | None = None
    date: str | None = None
    """ISO 8601, as exact as the source: "2008", "2008-05" or "2008-05-17"."""
    kind: Kind | None = None
    binding: Binding | None = None
    standing: Standing | None = None
    superseded_by: str | None = None
    review_due: str | None = None
    classification: Classification | None = None
    audience: tuple[str, ...] | None = None
    """Groups that may read it; empty means everyone with the clearance."""
    language: str | None = None
    """ISO 639-1."""


@dataclass(frozen=True)
class Reading:
    """What a reader makes of one file."""

    metadata: Metadata
    blocks: tuple[Block, ...]
    pages: int | None = None
    warnings: tuple[str, ...] = ()
    """Things the guidance manager should know though the document was read ("page 7 has no text layer")."""


@dataclass(frozen=True)
class Document:
    """One edition of one text, as the register holds it."""

    id: str
    title: str
    sha256: str
    source_path: str
    symbol: str | None = None
    short_title: str | None = None
    publisher: str | None = None
    organ: str | None = None
    date: str | None = None
    kind: Kind = Kind.REPORT
    binding: Binding = Binding.INFORMATION
    standing: Standing = Standing.UNKNOWN
    superseded_by: str | None = None
    review_due: str | None = None
    classification: Classification = Classification.UNCLASSIFIED
    audience: tuple[str, ...] = ()
    language: str = "en"
    pages: int | None = None
    starter: bool = False
    """True for the notes that come with the product."""

    @property
    def month(self) -> str:
        """Its date as people say it: "May 2008", or "2008" where no more is known; empty without a date."""
        year, *rest = (self.date or "").split("-")
        return " ".join([*(calendar.month_name[int(month)] for month in rest[:1]), year])

    def effective_standing(self, today: dt.date) -> str:
        """`standing`, or "review_overdue" when in force but past `review_due`."""
        if self.standing is Standing.IN_FORCE and self.review_due and self.review_due < today.isoformat():
            return "review_overdue"
        return str(self.standing)


@dataclass(frozen=True)
class Sentence:
    """One sentence of a passage, by character offsets into `Passage.text` (start included, end excluded)."""

    start: int
    end: int


PassageKind = Literal["paragraph", "list", "table", "footnote", "annex", "preamble"]


@dataclass(frozen=True)
class Passage:
    """The unit that is retrieved: normally one numbered paragraph, list or table."""

    id: str
    document_id: str
    ordinal: int
    """Position in the document, from 0."""
    kind: PassageKind
    text: str
    headings: tuple[str, ...] = ()
    """Heading path, outermost first."""
    paragraph: str | None = None
    """Paragraph number as printed."""
    part: str | None = None
    page: int | None = None
    page_end: int | None = None
    sentences: tuple[Sentence, ...] = field(default=())

    def sentence_texts(self) -> list[str]:
        """The sentences' words, in order."""
        return [self.text[s.start : s.end] for s in self.sentences]
