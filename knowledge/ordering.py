"""The order of passages after ranking: what is current before what it replaced, each near-copy counted once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from knowledge.documents import Standing
from knowledge.retrieved import RetrievedPassage
from knowledge.vectors import cosines
from knowledge.words import numbers

AS_MUCH = 3.0
"""How much less relevant a successor's best passage may be and still count as saying as much."""


def current_first(ranked: Sequence[RetrievedPassage], mentioned: Sequence[str]) -> list[RetrievedPassage]:
    """Ranked passages, those of a superseded document after all others where its successor has as much to say.

    A document that the question names keeps its place: whoever asks for the old edition is shown it, with its mark.
    """
    best: dict[str, float] = {}
    for p in ranked:
        best[p.document.id] = max(p.relevance, best.get(p.document.id, p.relevance))

    def replaced(found: RetrievedPassage) -> bool:
        document = found.document
        if document.standing is not Standing.SUPERSEDED or document.id in mentioned:
            return False
        return best.get(document.superseded_by or "", -math.inf) >= found.relevance - AS_MUCH

    return sorted(ranked, key=replaced)


def without_twins(passages: Iterable[RetrievedPassage], limit: int) -> list[RetrievedPassage]:
    """The first `limit` passages, each near-copy of an earlier one counted with it.

    Two passages are twins when their vectors are close (cosine 0.9), all numbers are the same and most words are.
    """
    kept: list[RetrievedPassage] = []
    for candidate in passages:
        if len(kept) >= limit and not candidate.direct:
            break
        for position, other in enumerate(kept):
            if _are_twins(candidate, other):
                kept[position] = replace(other, twins=(*other.twins, candidate.passage.id))
                break
        else:
            kept.append(candidate)
    return kept[:limit]


def _are_twins(a: RetrievedPassage, b: RetrievedPassage) -> bool:
    if cosines(a.vectors[:1], b.vectors[0])[0] < 0.9:
        return False
    if numbers(a.passage.text) != numbers(b.passage.text):
        return False
    words_a, words_b = set(a.passage.text.lower().split()), set(b.passage.text.lower().split())
    smaller = min(len(words_a), len(words_b))
    return smaller > 0 and len(words_a & words_b) / smaller > 0.85
