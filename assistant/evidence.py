"""Is what was retrieved good enough to answer from? Decided here, by a calibrated threshold, never by wording."""

from __future__ import annotations

import math
from dataclasses import dataclass

from assistant.answers import Question, Status
from knowledge.queries import is_elliptical
from knowledge.question_kind import QuestionKind, kind_of
from knowledge.ranking import local_share
from knowledge.retrieved import Retrieved, RetrievedPassage
from knowledge.words import stems


@dataclass(frozen=True)
class Evidence:
    """How well the retrieved passages cover the question."""

    status: Status
    confidence: float
    features: dict[str, float]


ANSWER_FROM = 0.5
"""Confidence from which an answer is given."""
IN_SCOPE_FROM = 0.36
"""Best cosine below which a refused question is taken to be about something else altogether."""

COEFFICIENTS = {
    "intercept": -0.842, "reach": 1.108, "number": -0.987, "covered": 0.406, "french": 1.116, "follow_up": 0.431,
}  # fmt: skip
"""Logistic regression of "the case can be answered", fitted by `evals/calibrate.py` on the development suites and the
public collection mtrag, with the intercept such that 7 % of our own answerable cases are refused.

How well words are met in their sense, how far the best passage stands out and ten other features were tried beside
these: each tells the cases of one author apart and those of the next not at all.
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
    documents on the right topic often lack; covered: share of the question's words, by rarity, in the best of three
    passages; french, follow_up: 1 for such questions, whose words are met less well.
    """
    top = [p for p in retrieved.passages if p.on_subject][:CONSIDERED]
    wants_number = kind_of(retrieved.query) is QuestionKind.NUMBER
    return {
        "reach": max(p.dense for p in top) * math.log(1 + len(retrieved.coverage)),
        "number": max(max(p.sentence_scores, default=p.dense) for p in top) if wants_number else 0.0,
        "covered": max(
            local_share(retrieved.coverage, retrieved.query.with_other_forms(stems(_searchable(p)))) for p in top[:3]
        ),
        "french": float(retrieved.query.language == "fr"),
        "follow_up": float(retrieved.query.elliptical),
    }


def _searchable(found: RetrievedPassage) -> str:
    return " ".join([found.document.title, *found.passage.headings, found.passage.text])
