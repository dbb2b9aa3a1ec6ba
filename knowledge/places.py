"""Places that a question names outright: a paragraph, recommendation, section, note or annex of a document."""

from __future__ import annotations

import re
from collections.abc import Mapping

from knowledge.documents import Document, Passage
from knowledge.queries import Query, Reference
from knowledge.register import Register

LIKELY_DOCUMENTS = 4
"""Documents tried for a place that the question names."""


def direct_hits(
    register: Register, query: Query, documents: Mapping[str, Document], mentions: Mapping[str, float]
) -> list[str]:
    """Passages at the places the question names, in the document it names most plainly that has them."""
    if not query.references:
        return []
    likely = sorted(documents, key=lambda d: -mentions[d])
    likely = [d for d in likely if mentions[d] >= 0.1 or len(documents) == 1]
    for document_id in likely[:LIKELY_DOCUMENTS]:
        found = [p for reference in query.references for p in _at(register, document_id, reference)]
        if found:
            return [p.id for p in found][:20]
    return []


def _at(register: Register, document_id: str, reference: Reference) -> list[Passage]:
    """The passages of a document at one place; empty if it has no such place."""
    number = re.sub(r"\([a-z]+\)$", "", reference.number)
    if reference.unit in ("section", "note", "annex"):
        stored = [s.passage for s in register.stored_passages(document_id)]
        if reference.unit == "annex":
            return [p for p in stored if _is_part(p, number)][:6]
        if reference.unit == "note":
            return [p for p in stored if p.kind == "footnote" and p.headings[-1:] == (f"Footnote {number}",)]
        heading = re.compile(rf"^{re.escape(number)}[.\s]", re.IGNORECASE)
        return [p for p in stored if p.kind != "footnote" and any(heading.match(h + " ") for h in p.headings)][:6]
    found = register.by_paragraph(document_id, number)
    if reference.part:
        return [p for p in found if _is_part(p, reference.part)]
    if reference.unit == "recommendation":
        found = [p for p in found if "recommend" in " ".join([*p.headings, p.text[:40]]).lower()] or found
    return [p for p in found if p.part is None] or found


def _is_part(passage: Passage, number: str) -> bool:
    return passage.part is not None and passage.part.upper().split()[-1] in (number.upper(), "ANNEX")
