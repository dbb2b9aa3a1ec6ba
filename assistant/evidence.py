"""Is what was retrieved good enough to answer from? Decided here, by a calibrated threshold, never by wording."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.answers import Question, Status
from knowledge.crossencoder import LEAST
from knowledge.queries import is_elliptical
from knowledge.retrieved import Retrieved


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

COEFFICIENTS = {"intercept": -1.225, "closeness": 2.695, "words": 0.57, "read": 0.476}
"""Logistic regression of "the case can be answered", fitted by `evals/calibrate.py` on the development half of the
suites, each author of cases counting the same, with the intercept such that 6.5 % of the answerable ones are refused.

On the halves that were not fitted on, and on `unseen`, these refuse 61 % of 173 unanswerable cases where 7.5 % of the
415 answerable ones are refused too.
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

    closeness: best cosine of a passage; words: logarithm of the number of words that carry meaning, since a short
    question is easily close to something; read: log-odds that one of the sentences read answers.
    """
    top = [p for p in retrieved.passages if p.on_subject][:CONSIDERED]
    return {
        "closeness": max(p.dense for p in top),
        "words": math.log(1 + len(retrieved.coverage)),
        "read": _log_sum_exp([LEAST, *(odds for p in retrieved.passages if p.on_subject for odds in p.read)]),
    }


def _log_sum_exp(values: Sequence[float]) -> float:
    highest = max(values)
    return highest + math.log(sum(math.exp(value - highest) for value in values))
