"""What the assistant is asked and what it answers; `Answer.as_dict` is the contract outside tools rely on."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """How a question ended; decided in code, never by a model's wording."""

    ANSWERED = "answered"
    ANSWERED_WITH_CAVEAT = "answered_with_caveat"
    SOURCES_DISAGREE = "sources_disagree"
    NOT_FOUND = "not_found"
    OUT_OF_SCOPE = "out_of_scope"
    NEEDS_CLARIFICATION = "needs_clarification"


@dataclass(frozen=True)
class Filters:
    """Which documents may speak, chosen by the asker; narrows what they may read, never widens it."""

    documents: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None


@dataclass(frozen=True)
class Question:
    """One question, with what makes it understandable."""

    text: str
    history: tuple[str, ...] = ()
    """Earlier user turns of the same conversation, oldest first."""
    role: str | None = None
    filters: Filters = field(default_factory=Filters)


@dataclass(frozen=True)
class Citation:
    """One source of an answer; standing travels inside it, so that no channel can leave the warning out."""

    number: int
    document_id: str
    symbol: str | None
    title: str
    date: str | None
    section: tuple[str, ...]
    paragraph: str | None
    page: int | None
    quote: str
    """Exact words of the passage."""
    passage_id: str
    url: str
    standing: str
    superseded_by: str | None
    binding: str
    part: str | None = None


@dataclass(frozen=True)
class Notice:
    """Something the reader must know before acting on an answer."""

    kind: str
    text: str


@dataclass(frozen=True)
class Engine:
    """What produced an answer, enough to produce it again."""

    answerer: str
    model: str | None
    index: str
    prompt: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """An answer with its sources. Without citations it makes no claim about the guidance."""

    answer_id: str
    question: str
    status: Status
    answer: str
    citations: tuple[Citation, ...] = ()
    notices: tuple[Notice, ...] = ()
    suggestions: tuple[str, ...] = ()
    confidence: float = 0.0
    """0 to 1; a class-balanced score of how answerable the question looks, not the chance that the answer is right."""
    engine: Engine = field(default_factory=lambda: Engine("extractive", None, ""))
    timing_ms: dict[str, float] = field(default_factory=dict)
    documents: dict[str, str] = field(default_factory=dict)
    """sha256 of each cited document by id."""
    classification: str = "unclassified"
    """The highest level among the cited documents."""

    def as_dict(self) -> dict[str, Any]:
        """The answer as JSON-ready values, in the order of the contract."""
        return asdict(self)

    def with_timing(self, **milliseconds: float) -> Answer:
        """The same answer with these stage timings added."""
        return replace(self, timing_ms={**self.timing_ms, **{k: round(v, 2) for k, v in milliseconds.items()}})
