"""What to read first: documents by how much they say about a role, with the places to begin."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from assistant.answers import Citation
from assistant.citations import cite, reference
from assistant.roles.roles import Forms
from knowledge.documents import Standing
from knowledge.retrieved import RetrievedPassage

MAX_DOCUMENTS = 6
MAX_PLACES = 3
STANDING = {Standing.IN_FORCE: 1.5, Standing.SUPERSEDED: 0.5}
"""What a sentence about the role counts, by the standing of its document; others count 1."""


@dataclass(frozen=True)
class ReadFirst:
    """One document worth reading, and where to open it."""

    document_id: str
    name: str
    date: str | None
    standing: str
    passages: int
    """How many of the passages found for the briefing's questions speak of the role."""
    places: tuple[Citation, ...]
    """Passages that say most about the role, at most three; numbers are 0."""


@dataclass
class Tally:
    """Counts, over all questions of a briefing, what each document says about the role."""

    forms: Forms
    seen: dict[str, tuple[RetrievedPassage, int]] = field(default_factory=dict)

    def add(self, found: Iterable[RetrievedPassage]) -> None:
        """Take note of the passages of one question; each counts once."""
        for source in found:
            if source.passage.id in self.seen or source.passage.kind == "footnote":
                continue
            set_under = (source.document.title, *source.passage.headings)
            sentences = source.passage.sentence_texts()
            named = sum(self.forms.stand_in(text) for text in sentences)
            if not named and any(self.forms.stand_in(text) for text in set_under):
                named = 1
            self.seen[source.passage.id] = (source, named)

    def reading_list(self, today: dt.date) -> tuple[ReadFirst, ...]:
        """Documents that name the role, the one that says most first."""
        by_document: dict[str, list[tuple[RetrievedPassage, int]]] = {}
        for source, named in self.seen.values():
            if named:
                by_document.setdefault(source.document.id, []).append((source, named))
        ranked = sorted(by_document.values(), key=lambda entries: (-_weight(entries), entries[0][0].document.id))
        return tuple(_entry(entries, today) for entries in ranked[:MAX_DOCUMENTS])


def _weight(entries: list[tuple[RetrievedPassage, int]]) -> float:
    return sum(named for _, named in entries) * STANDING.get(entries[0][0].document.standing, 1.0)


def _entry(entries: list[tuple[RetrievedPassage, int]], today: dt.date) -> ReadFirst:
    document = entries[0][0].document
    best = sorted(entries, key=lambda e: (-e[1], e[0].passage.ordinal))[:MAX_PLACES]
    places = sorted((source for source, _ in best), key=lambda s: s.passage.ordinal)
    return ReadFirst(
        document.id,
        reference(document),
        document.date,
        document.effective_standing(today),
        len(entries),
        tuple(cite(source, source.passage.sentence_texts()[0], 0, today) for source in places),
    )
