"""Is what was retrieved good enough to answer from? Decided here, by a calibrated threshold, never by wording."""

from __future__ import annotations

import math
from dataclasses import dataclass

from assistant.answers import Question, Status
from knowledge.retrieval import Retrieved, RetrievedPassage
from knowledge.words import stems


@dataclass(frozen=True)
class Evidence:
    """How well the retrieved passages cover the question."""

    status: Status
    confidence: float
    features: dict[str, float]


ANSWER_FROM = 0.5
"""Confidence from which an answer is given."""
IN_SCOPE_FROM = 0.15
"""Confidence below which the question is taken to be about something else altogether."""

COEFFICIENTS = {"intercept": -4.0, "dense": 5.0, "sentence": 3.0, "coverage": 3.0, "best_sentence_coverage": 1.0}
"""Logistic regression of "the evidence is among the first five passages" on the development half (`focal eval`)."""


def judge(question: Question, retrieved: Retrieved) -> Evidence:
    """Weigh the evidence: `answered`, or the reason why not, with the confidence it rests on."""
    if not retrieved.passages:
        return Evidence(Status.NOT_FOUND, 0.0, {})
    features = measure(retrieved)
    total = COEFFICIENTS["intercept"] + sum(COEFFICIENTS[name] * value for name, value in features.items())
    confidence = 1 / (1 + math.exp(-total))
    if retrieved.passages[0].direct or retrieved.expansions:
        return Evidence(Status.ANSWERED, max(confidence, 0.9), features)
    if confidence >= ANSWER_FROM:
        return Evidence(Status.ANSWERED, confidence, features)
    return Evidence(Status.NOT_FOUND if confidence >= IN_SCOPE_FROM else Status.OUT_OF_SCOPE, confidence, features)


def measure(retrieved: Retrieved) -> dict[str, float]:
    """What is weighed, each 0 to 1: best cosine of a passage and of a sentence, and the share of the question's words,
    by rarity, that stand in the best passage and in the best single sentence."""
    top = retrieved.passages[:5]
    return {
        "dense": max(p.dense for p in top),
        "sentence": max((max(p.sentence_scores, default=p.dense) for p in top), default=0.0),
        "coverage": max(covered(retrieved, _searchable(p)) for p in top[:3]),
        "best_sentence_coverage": max(
            (covered(retrieved, text) for p in top[:3] for text in p.passage.sentence_texts()), default=0.0
        ),
    }


def covered(retrieved: Retrieved, text: str) -> float:
    """Share of the question's words that stand in a text, each counting by its rarity; 1 for a question without any."""
    total = sum(retrieved.coverage.values())
    if total <= 0:
        return 1.0
    present = stems(text)
    return sum(rarity for word, rarity in retrieved.coverage.items() if word in present) / total


def _searchable(found: RetrievedPassage) -> str:
    return " ".join([found.document.title, *found.passage.headings, found.passage.text])
