"""What comes in and goes out over HTTP, with examples; answers have the shape of `assistant.answers.Answer`."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from assistant.answers import Answer, Filters
from knowledge.access import Asker
from knowledge.documents import Classification, Document, Kind, Passage
from knowledge.passages import anchor
from knowledge.register import Register
from knowledge.retrieved import RetrievedPassage

MAX_QUESTION = 4000
MAX_TURNS = 20


Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
Words = Annotated[str, StringConstraints(min_length=1, max_length=MAX_QUESTION, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")]
"""Something with at least one character that is no space, and no NUL."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9._-]+$")]
Date = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}(-[0-9]{2}){0,2}$", max_length=10)]


class FilterBody(BaseModel):
    """Which documents may speak; narrows what may be read, never widens it."""

    model_config = ConfigDict(extra="forbid")
    documents: list[Name] = Field(default=[], max_length=50)
    kinds: list[Kind] = Field(default=[], max_length=20)
    since: Date | None = None
    until: Date | None = None

    def filters(self) -> Filters:
        """The same for the assistant."""
        return Filters(tuple(self.documents), tuple(map(str, self.kinds)), self.since, self.until)


class AskBody(BaseModel):
    """A question; a clearance in here would mean nothing, so it is refused."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"question": "Who chairs the humanitarian country team?"},
                {
                    "question": "And to whom does she report?",
                    "history": ["Who chairs the humanitarian country team?"],
                    "filters": {"since": "2008", "kinds": ["policy", "guideline"]},
                    "include": ["passages"],
                },
            ]
        },
    )
    question: Words
    history: list[Words] = Field(default=[], max_length=MAX_TURNS, description="Earlier user turns, oldest first")
    conversation_id: Name | None = Field(None, description="As an earlier answer gave it; its questions are remembered")
    role: Name | None = Field(None, description="Answer as for the holder of this role")
    filters: FilterBody = FilterBody()
    include: list[Literal["passages"]] = Field(default=[], max_length=1)


class PassageBody(BaseModel):
    """A passage with its place."""

    passage_id: str
    document_id: str
    text: str
    section: list[str]
    paragraph: str | None
    part: str | None
    page: int | None
    kind: str
    anchor: str = Field(description="Fragment of its address in the document reader")
    score: float | None = Field(None, description="Comparable within one search only")

    @classmethod
    def of(cls, passage: Passage, score: float | None = None) -> PassageBody:
        """The passage as it goes out."""
        return cls(
            passage_id=passage.id, document_id=passage.document_id, text=passage.text, section=list(passage.headings),
            paragraph=passage.paragraph, part=passage.part, page=passage.page, kind=passage.kind,
            anchor=anchor(passage), score=None if score is None else round(score, 4),
        )  # fmt: skip

    @classmethod
    def found(cls, retrieved: RetrievedPassage) -> PassageBody:
        """A retrieved passage as it goes out."""
        return cls.of(retrieved.passage, retrieved.score)


@dataclass(frozen=True)
class AnswerBody(Answer):
    """An answer as every channel gives it, with the conversation it belongs to."""

    conversation_id: str = ""
    passages: tuple[PassageBody, ...] | None = None
    """The passages it was written from, best first, where they were asked for."""


ANSWER_EXAMPLE: dict[str, Any] = {
    "answer_id": "0b7c2f7e6a2c4f0d9c1f0c8f5d6e7a8b",
    "question": "Who chairs the humanitarian country team?",
    "status": "answered",
    "answer": "The Humanitarian Coordinator chairs the humanitarian country team. [1]",
    "citations": [
        {
            "number": 1,
            "document_id": "s-2025-54",
            "symbol": "S/2025/54",
            "title": "Report of the Secretary-General",
            "date": "2025-02-14",
            "section": ["VI. Protection of civilians"],
            "paragraph": "23",
            "page": 6,
            "quote": "The Humanitarian Coordinator chairs the humanitarian country team.",
            "passage_id": "5d41402abc4b2a76",
            "url": "/documents/s-2025-54#p23",
            "standing": "in_force",
            "superseded_by": None,
            "binding": "information",
            "part": None,
        }
    ],
    "notices": [],
    "suggestions": [],
    "confidence": 0.83,
    "engine": {
        "answerer": "extractive",
        "model": None,
        "index": "9f86d081884c7d65",
        "prompt": None,
        "settings": {},
    },
    "timing_ms": {"retrieve": 14.0, "answer": 9.0},
    "documents": {"s-2025-54": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"},
    "classification": "unclassified",
    "conversation_id": "c0ffee00c0ffee00c0ffee00c0ffee00",
}


class DocumentBody(BaseModel):
    """A document as the register holds it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "s-2025-54", "title": "Report of the Secretary-General", "symbol": "S/2025/54",
                    "short_title": None, "publisher": "United Nations", "organ": "Security Council",
                    "date": "2025-02-14", "kind": "report", "binding": "information", "standing": "in_force",
                    "superseded_by": None, "review_due": None, "classification": "unclassified", "audience": [],
                    "language": "en", "pages": 18, "starter": False, "sha256": "2c26b46b68ffc68f",
                }
            ]
        }
    )  # fmt: skip
    id: str
    title: str
    symbol: str | None
    short_title: str | None
    publisher: str | None
    organ: str | None
    date: str | None
    kind: Kind
    binding: str
    standing: str = Field(description="As of today: `review_overdue` where a document in force is past its review date")
    superseded_by: str | None
    review_due: str | None
    classification: Classification
    audience: list[str]
    language: str
    pages: int | None
    starter: bool = Field(description="True for the notes that come with the product")
    sha256: str

    @classmethod
    def of(cls, document: Document, readable: set[str], today: dt.date) -> DocumentBody:
        """The document as it goes out, without where the file lay and without a successor that may not be read."""
        values = asdict(document)
        values["standing"] = document.effective_standing(today)
        if document.superseded_by not in readable:
            values["superseded_by"] = None
        return cls.model_validate({name: values[name] for name in cls.model_fields})


class DocumentsBody(BaseModel):
    """Every document that may be read, by id."""

    documents: list[DocumentBody]


class SearchBody(BaseModel):
    """What retrieval found, best first."""

    query: str
    passages: list[PassageBody]


class NeighboursBody(BaseModel):
    """A passage between those before and after it, in the order of the text."""

    passage_id: str
    document: DocumentBody
    passages: list[PassageBody]


class PassagesBody(BaseModel):
    """A stretch of a document's passages."""

    document: DocumentBody
    first: int = Field(description="Position of the first passage given, from 0")
    total: int = Field(description="Passages in the whole document")
    passages: list[PassageBody]


class OutcomeBody(BaseModel):
    """What became of an uploaded document."""

    state: Literal["added", "replaced", "unchanged", "quarantined", "failed"]
    document: DocumentBody | None = None
    passages: int = 0
    reason: str = ""
    warnings: list[str] = []


class FeedbackBody(BaseModel):
    """What an asker thinks of their answer."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"answer_id": "0b7c2f7e6a2c4f0d9c1f0c8f5d6e7a8b", "verdict": "down", "reason": "wrong document"}
            ]
        },
    )
    answer_id: Name
    verdict: Literal["up", "down"]
    reason: Text | None = Field(default=None, max_length=200)
    comment: Text | None = Field(default=None, max_length=2000)


class GapBody(BaseModel):
    """Questions that ask for the same and were not answered."""

    questions: list[str]
    times: int
    status: str
    last_asked: str
    complaints: int


class GapsBody(BaseModel):
    """The knowledge gaps, the most frequent first."""

    gaps: list[GapBody]


def readable_ids(register: Register, asker: Asker) -> set[str]:
    """Ids of the documents an asker may read."""
    return {document.id for document in register.documents(asker)}
