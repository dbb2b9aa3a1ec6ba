"""From claims to a cited answer, and the proof that every quote stands word for word in the register."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.answers import Citation, Notice
from assistant.errors import CitationError
from knowledge.access import Asker
from knowledge.documents import Document, Standing
from knowledge.passages import anchor, is_intact
from knowledge.register import Register
from knowledge.retrieved import RetrievedPassage


@dataclass(frozen=True)
class Claim:
    """Part of an answer resting on one run of words of one passage."""

    text: str
    source: RetrievedPassage
    quote: str
    """Exact words of the passage."""
    opens_line: bool = False
    """True if the claim starts a new line (list items, table rows, the second of two positions)."""


def compose(claims: Sequence[Claim], today: dt.date) -> tuple[str, tuple[Citation, ...]]:
    """The answer text with its markers, and the citations they point to, numbered in order of first use.

    Claims of one passage whose quotes are the same share a number; a marker stands at the end of each run of claims
    with the same number.
    """
    numbers: dict[tuple[str, str], int] = {}
    citations: list[Citation] = []
    text = ""
    for position, claim in enumerate(claims):
        key = (claim.source.passage.id, claim.quote)
        if key not in numbers:
            numbers[key] = len(numbers) + 1
            citations.append(cite(claim.source, claim.quote, numbers[key], today))
        text += ("\n" if claim.opens_line else " ") if text else ""
        text += claim.text
        following = claims[position + 1] if position + 1 < len(claims) else None
        if following is None or (following.source.passage.id, following.quote) != key:
            text += f" [{numbers[key]}]"
    return text, tuple(citations)


def cite(source: RetrievedPassage, quote: str, number: int, today: dt.date) -> Citation:
    """The citation of a quote; standing is taken from the document as it is today."""
    passage, document = source.passage, source.document
    return Citation(
        number=number,
        document_id=document.id,
        symbol=document.symbol,
        title=document.title,
        date=document.date,
        section=passage.headings,
        paragraph=passage.paragraph,
        page=passage.page,
        quote=quote,
        passage_id=passage.id,
        url=f"/documents/{document.id}#{anchor(passage)}",
        standing=document.effective_standing(today),
        superseded_by=document.superseded_by,
        binding=str(document.binding),
        part=passage.part,
    )


def check(citations: Sequence[Citation], register: Register, asker: Asker) -> None:
    """Prove every citation against the register, on behalf of the asker.

    Raises CitationError if a passage is not there, may not be read, was altered since it was stored, or does not hold
    the quote word for word.
    """
    found = register.fetch([c.passage_id for c in citations], register.class_ids(asker))
    for citation in citations:
        if citation.passage_id not in found:
            raise CitationError(f"citation {citation.number} names a passage that is not there")
        passage = found[citation.passage_id].passage
        if not is_intact(passage):
            raise CitationError(f"passage {passage.id} was altered since it was stored: run `focal doctor`")
        if not citation.quote or citation.quote not in passage.text:
            raise CitationError(f"citation {citation.number}: the quote does not stand in passage {passage.id}")


def standing_notices(citations: Sequence[Citation], documents: dict[str, Document]) -> list[Notice]:
    """What a reader must know of the cited documents' standing, one notice a document."""
    notices: dict[str, Notice] = {}
    for citation in citations:
        name = citation.symbol or citation.title
        if citation.standing == Standing.SUPERSEDED:
            successor = documents.get(citation.superseded_by or "")
            by = f" by {reference(successor)}" if successor else ""
            notices[citation.document_id] = Notice("superseded", f"{name} is superseded{by}; check what holds now.")
        elif citation.standing == Standing.HISTORICAL:
            dated = f" ({citation.date[:4]})" if citation.date else ""
            notices[citation.document_id] = Notice(
                "historical", f"{name}{dated} is historical: background, not current guidance."
            )
        elif citation.standing == Standing.DRAFT:
            notices[citation.document_id] = Notice("draft", f"{name} is a draft.")
        elif citation.standing == "review_overdue":
            due = documents[citation.document_id].review_due if citation.document_id in documents else None
            notices[citation.document_id] = Notice("review_overdue", f"{name} was due for review by {due}.")
    return list(notices.values())


def reference(document: Document) -> str:
    """How UN staff name a document: its symbol, else its title and year."""
    if document.symbol:
        return document.symbol
    title = document.short_title or document.title
    return f"{title} ({document.date[:4]})" if document.date and document.date[:4] not in title else title


def place(citation: Citation) -> str:
    """Where the words stand, as UN staff write it: `S/2025/54, annex I, para. 23`, `Title, p. 4`."""
    parts = [citation.symbol or citation.title]
    if citation.part:
        parts.append(citation.part.lower() if citation.part.istitle() else citation.part)
    if citation.paragraph:
        parts.append(f"para. {citation.paragraph}")
    elif citation.section:
        parts.append(f"“{citation.section[-1]}”")
    if citation.page and not citation.paragraph:
        parts.append(f"p. {citation.page}")
    return ", ".join(parts)
