"""Is what was retrieved good enough to answer from? Decided here, by a calibrated threshold, never by wording."""

from __future__ import annotations

import math
from dataclasses import dataclass

from assistant.answers import Question, Status
from knowledge.queries import is_elliptical
from knowledge.question_kind import QuestionKind, kind_of
from knowledge.retrieval import Retrieved


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
    "intercept": -1.452,
    "met": 0.743,
    "lead": 0.084,
    "reach": 0.797,
    "number": -0.585,
    "french": 1.211,
    "follow_up": 0.444,
}
"""Logistic regression of "the case can be answered", fitted by `evals/calibrate.py` on the development suites and the
public collection mtrag, with the intercept such that 7 % of our own answerable cases are refused.

Features were kept that raise refusal on suites which the fit has not seen (each left out in turn): a feature can tell
the cases of one author apart very well and those of the next not at all.
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

    met: best sentence by its cosine to the question plus how far the question's words are met in it and the one before;
    lead: how far the best passage's score stands out from the last's; reach: best cosine of a passage, times the
    logarithm of the number of words that carry meaning, since a short question is easily close to something; number: 1
    for a question that wants a number, which documents on the right topic often lack; french, follow_up: 1 for such
    questions, whose words are met less well.
    """
    top = [p for p in retrieved.passages if p.on_subject][:CONSIDERED]
    met = [
        float(similarity + share)
        for found in top
        for similarity, share in zip(found.sentence_scores, retrieved.met(found, with_previous=True)[1:], strict=True)
    ]
    return {
        "met": max(met, default=0.0),
        "lead": retrieved.passages[0].score - retrieved.passages[-1].score,
        "reach": max(p.dense for p in top) * math.log(1 + len(retrieved.coverage)),
        "number": float(kind_of(retrieved.query) is QuestionKind.NUMBER),
        "french": float(retrieved.query.language == "fr"),
        "follow_up": float(retrieved.query.elliptical),
    }
