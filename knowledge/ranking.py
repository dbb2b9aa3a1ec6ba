"""Ranking the candidates: a linear score over what dense and keyword search, the words and the document say of each."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from knowledge.documents import Document, Passage, Standing
from knowledge.queries import Query
from knowledge.question_kind import kind_of, wants
from knowledge.vectors import Vectors
from knowledge.words import stem, stems, words

Scores = NDArray[np.float32]

FEATURES = (
    "fused", "document", "covered", "covered_text", "covered_title", "mention", "about",
    "pairs", "length", "typed", "table", "footnote", "superseded", "matched",
)  # fmt: skip
"""What a passage is scored by:

fused: the weighted sum of scaled dense and keyword scores;
document: mean of the three best fused scores in the passage's document;
covered: share of the question's words, by rarity, in title, headings or text;
covered_text, covered_title: the same in the one alone;
mention: how plainly the question names the document;
about: how much of the document speaks of what the question names;
pairs: share of the question's neighbouring word pairs that stand in the text;
length: logarithm of the number of words, as the shortest passages match by accident;
typed: best sentence similarity among sentences that hold what the question asks for (a number, a date, a name);
table, footnote, superseded: 1 for passages of that kind or standing;
matched: how far the question's words are met, each in its sense, by rarity; 0 for the least, 1 for the best candidate.
"""


@dataclass(frozen=True)
class Candidate:
    """A passage on its way to being ranked, with all that is known of it."""

    passage: Passage
    document: Document
    fused: float
    """The weighted sum of scaled dense and keyword scores."""
    dense: float
    keyword: float
    sentence_scores: tuple[float, ...]
    direct: bool
    """True if the question names this very place."""
    vectors: Vectors
    met: Vectors
    """How far the question's words are met, in the passage and in each sentence (see `matching.match`)."""
    mention: float
    about: float
    local: Mapping[str, float]
    """The question's stems by their rarity within the document."""


def features(candidates: Sequence[Candidate], query: Query, rarities: Mapping[str, float]) -> Scores:
    """One row a candidate, one column a feature, in the order of FEATURES."""
    best: dict[str, list[float]] = {}
    for candidate in candidates:
        best.setdefault(candidate.document.id, []).append(candidate.fused)
    document = {i: float(np.mean(sorted(scores, reverse=True)[:3])) for i, scores in best.items()}
    titles = {
        d.id: query.with_other_forms(stems(f"{d.title} {d.short_title or ''}"))
        for d in {c.document.id: c.document for c in candidates}.values()
    }
    kind = kind_of(query)
    own_pairs = pairs(query.text)
    total = sum(rarities.values()) or 1.0
    matched = [float(c.met[0]) for c in candidates] or [0.0]
    least, span = min(matched), max(max(matched) - min(matched), 1e-9)

    def share(present: frozenset[str]) -> float:
        return sum(rarity for word, rarity in rarities.items() if word in present) / total

    rows = []
    for c in candidates:
        text_stems = query.with_other_forms(stems(c.passage.text))
        title = titles[c.document.id]
        everything = text_stems | title | stems(" ".join(c.passage.headings))
        sentences = zip(c.passage.sentence_texts(), c.sentence_scores, strict=False)
        typed = max((score * wants(kind, text) for text, score in sentences), default=0.0)
        rows.append(
            (
                c.fused,
                document[c.document.id],
                share(everything),
                share(text_stems),
                share(title),
                c.mention,
                c.about,
                len(own_pairs & pairs(c.passage.text)) / len(own_pairs) if own_pairs else 0.0,
                math.log(1 + len(c.passage.text.split())),
                typed,
                float(c.passage.kind == "table"),
                float(c.passage.kind == "footnote"),
                float(c.document.standing is Standing.SUPERSEDED),
                (float(c.met[0]) - least) / span,
            )
        )
    return np.array(rows, np.float32)


COEFFICIENTS = {
    "fused": 5.756, "document": 1.819, "covered": 1.775, "covered_text": 0.072, "covered_title": -0.664,
    "mention": 2.11, "about": 1.802, "pairs": 5.787, "length": 0.108, "typed": 2.006, "table": -0.523,
    "footnote": -0.384, "superseded": -2.672, "matched": 3.962,
}  # fmt: skip
"""Fitted by `evals/calibrate.py` (softmax over the candidates of a question, L2 0.03) on the development halves."""


def local_share(rarities: Mapping[str, float], present: frozenset[str]) -> float:
    """Share of words that are among these stems, each counting by its rarity."""
    total = sum(rarities.values())
    return sum(rarity for word, rarity in rarities.items() if word in present) / total if total else 0.0


DIRECTNESS = 2.0
"""What the directness of a passage's best sentence counts beside its relevance.

1.5 to 3 is flat on the seven suites (evidence@5 of all 775 cases 84.0 without, 84.9 to 85.4 with); nDCG@10 rises from
0.842 to 0.847 (hotpot100) and from 0.852 to 0.861 (mtrag).
"""

READING = 0.5
"""What the best sentence's log-odds of answering count beside relevance and directness; 0.3 to 1 is flat."""


def relevance(rows: Scores) -> Scores:
    """How relevant each candidate is as a whole; higher is better, comparable within one question only."""
    if not len(rows):  # a filter may leave no document at all
        return np.zeros(0, np.float32)
    return np.asarray((rows * np.array([COEFFICIENTS[name] for name in FEATURES], np.float32)).sum(axis=1), np.float32)


@lru_cache(maxsize=8_000)
def pairs(text: str) -> frozenset[tuple[str, str]]:
    """Neighbouring words of a text, stemmed."""
    found = [stem(word) for word in words(text)]
    return frozenset(itertools.pairwise(found))
