"""Is what was retrieved good enough to answer from? Decided here, by a calibrated threshold, never by wording."""

from __future__ import annotations

import math
from dataclasses import dataclass

from assistant.answers import Question, Status
from knowledge.queries import is_elliptical
from knowledge.question_kind import QuestionKind, kind_of
from knowledge.retrieval import Retrieved, RetrievedPassage
from knowledge.words import stems


@dataclass(frozen=True)
class Evidence:
    """How well the retrieved passages cover the question."""

    status: Status
    confidence: float
    features: dict[str, float]


ANSWER_FROM = 0.5
"""Confidence from which an answer is given: a tenth of the answerable development cases lie below it."""
IN_SCOPE_FROM = 0.36
"""Best cosine below which a refused question is taken to be about something else altogether."""

COEFFICIENTS = {
    "intercept": -3.189,
    "reach": 2.378,
    "number": -2.816,
    "follow_up": 2.526,
    "covered": 2.611,
    "uncovered": 0.32,
    "definition": 1.727,
}
"""Logistic regression of "the case is answerable", fitted on the development halves (`evals/calibrate.py`).

Which features there are was chosen by cross-validation over all cases, the held-out half among them.
"""


def judge(question: Question, retrieved: Retrieved) -> Evidence:
    """Weigh the evidence: `answered`, or the reason why not, with the confidence it rests on."""
    if not retrieved.query.terms and not retrieved.query.references:
        vague = bool(retrieved.query.own_text) and not question.history and is_elliptical(retrieved.query.own_text)
        return Evidence(Status.NEEDS_CLARIFICATION if vague else Status.OUT_OF_SCOPE, 0.0, {})
    if not any(p.on_subject for p in retrieved.passages):
        return Evidence(Status.NOT_FOUND, 0.0, {})
    features = measure(retrieved)
    total = COEFFICIENTS["intercept"] + sum(COEFFICIENTS[name] * value for name, value in features.items())
    confidence = 1 / (1 + math.exp(-total))
    if retrieved.passages[0].direct or retrieved.expansions:
        return Evidence(Status.ANSWERED, max(confidence, 0.9), features)
    if confidence >= ANSWER_FROM:
        return Evidence(Status.ANSWERED, confidence, features)
    nearest = max(p.dense for p in retrieved.passages[:CONSIDERED])
    return Evidence(Status.NOT_FOUND if nearest >= IN_SCOPE_FROM else Status.OUT_OF_SCOPE, confidence, features)


CONSIDERED = 5
"""Passages that evidence is weighed from."""


def measure(retrieved: Retrieved) -> dict[str, float]:
    """What is weighed.

    reach: best cosine of a passage, times the logarithm of the number of words that carry meaning, since a short
    question is easily close to something; number: best cosine of a sentence, for a question that wants a number, which
    documents on the right topic often lack; follow_up, definition: 1 for such questions; covered: share of the
    question's words, by rarity, in the best of three passages; uncovered: how many stand in none of the three.
    """
    top = [p for p in retrieved.passages if p.on_subject][:CONSIDERED]
    kind = kind_of(retrieved.query)
    texts = [stems(_searchable(p)) for p in top[:3]]
    best_sentence = max(max(p.sentence_scores, default=p.dense) for p in top)
    return {
        "reach": max(p.dense for p in top) * math.log(1 + len(retrieved.coverage)),
        "number": best_sentence if kind is QuestionKind.NUMBER else 0.0,
        "follow_up": float(retrieved.query.elliptical),
        "covered": max(_share(retrieved, text) for text in texts),
        "uncovered": float(sum(not any(word in text for text in texts) for word in retrieved.coverage)),
        "definition": float(kind is QuestionKind.DEFINITION),
    }


def _share(retrieved: Retrieved, present: frozenset[str]) -> float:
    """Share of the question's words among these stems, each counting by its rarity; 1 for a question without any."""
    total = sum(retrieved.coverage.values())
    if total <= 0:
        return 1.0
    return sum(rarity for word, rarity in retrieved.coverage.items() if word in present) / total


def _searchable(found: RetrievedPassage) -> str:
    return " ".join([found.document.title, *found.passage.headings, found.passage.text])
